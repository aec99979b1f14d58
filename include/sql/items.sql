-- Every product. Several categories are joined by |, as the service wants its categorical lists. A product without a
-- date of publication, or from before 1990, has no age worth telling: it was always there.
SELECT
    id                                AS item_id,
    array_to_string(categories, '|')  AS category,
    coalesce(wishlist_count, 0)       AS bookmarks,
    CASE WHEN published_at >= '1990-01-01' THEN extract(epoch FROM published_at)::bigint END AS creation_timestamp
FROM products
