-- One row per event of a signed-in customer in [start, end). A double click is one event.
SELECT DISTINCT
    customer_id             AS user_id,
    product_id              AS item_id,
    kind                    AS event_type,
    stars::real             AS event_value,
    happened_at             AS timestamp
FROM events
WHERE happened_at >= {{ start }}
  AND happened_at < {{ end }}
  AND customer_id IS NOT NULL
