-- The tables of a small shop, as a product team would have them: its own names, integer keys, time zones,
-- enums, columns that may be empty, and no foreign key on the event log.
CREATE TYPE gender AS ENUM ('female', 'male', 'other');
CREATE TYPE event_kind AS ENUM ('view', 'cart', 'purchase', 'rating');

CREATE TABLE customers (
    id            bigint PRIMARY KEY,
    name          text NOT NULL,
    born          date,
    gender        gender,
    region        text,
    segment       text,
    registered_at timestamptz NOT NULL
);

CREATE TABLE products (
    id             bigint PRIMARY KEY,
    title          text NOT NULL,
    categories     text[] NOT NULL,
    price          numeric(10, 2),
    wishlist_count integer,
    published_at   timestamptz
);

CREATE TABLE events (
    id          bigint PRIMARY KEY,
    customer_id bigint,          -- empty for visitors who never signed in
    product_id  bigint,          -- no foreign key: products get deleted, events stay
    kind        event_kind NOT NULL,
    stars       smallint,        -- only for ratings
    happened_at timestamptz NOT NULL
);

CREATE INDEX events_happened_at ON events (happened_at);
