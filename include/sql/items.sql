-- Every product. Several categories are joined by |, as the service wants its categorical lists. A product
-- without a date of publication, or with one before 1970, counts as having always been there.
SELECT
    id                                                            AS item_id,
    array_to_string(categories, '|')                              AS category,
    coalesce(wishlist_count, 0)                                   AS bookmarks,
    greatest(extract(epoch FROM published_at), 0)::bigint         AS creation_timestamp
FROM products
