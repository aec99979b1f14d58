-- What the page in Airflow calls the products; the service never sees it.
SELECT id::text AS item_id, title FROM products
