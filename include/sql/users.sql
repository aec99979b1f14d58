-- Every customer. The service has no dates outside of timestamps: a birthday becomes the number YYYYMMDD.
SELECT
    id                                  AS user_id,
    to_char(born, 'YYYYMMDD')::integer  AS birthday,
    gender                              AS gender,
    region                              AS location,
    segment                             AS segment
FROM customers
