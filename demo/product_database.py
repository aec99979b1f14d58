"""Fills the product database, and answers what the demo wants to know of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pandas as pd
import psycopg2
from psycopg2 import sql

TABLES_SQL = Path(__file__).with_name("tables.sql")


@dataclass(frozen=True)
class ProductTables:
    """The rows of the three tables in `tables.sql`, column for column."""

    customers: pd.DataFrame
    products: pd.DataFrame
    events: pd.DataFrame


def load(uri: str, tables: ProductTables, source: str) -> None:
    """Create and fill the tables in one transaction, replacing what was there.

    `source` names where the rows come from; `loaded_source` gives it back.
    """
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        cursor.execute(TABLES_SQL.read_text())
        for field in fields(ProductTables):
            _copy(cursor, field.name, getattr(tables, field.name))
        cursor.execute("SELECT set_config('search_path', 'public', false)")
        cursor.execute(sql.SQL("COMMENT ON TABLE events IS {}").format(sql.Literal(source)))
    connection.close()
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    connection.close()


def loaded_source(uri: str) -> str | None:
    """What `load` last put into the database, or None for an empty one."""
    return _one(uri, "SELECT obj_description(to_regclass('public.events'), 'pg_class')")


def history(uri: str) -> tuple[date, date]:
    """The first and last day (UTC) that have events."""
    query = (
        "SELECT (min(happened_at) AT TIME ZONE 'UTC')::date, (max(happened_at) AT TIME ZONE 'UTC')::date"
        " FROM events"
    )
    return _row(uri, query)  # type: ignore[return-value]


def is_old(last: date, limit_hours: float | None) -> bool:
    """Whether events that end with that day are older than the data gate lets pass.

    MovieLens is of 1998, and a generated shop gets no events after it was made.
    """
    end = datetime.combine(last, time(), UTC) + timedelta(days=1)
    return limit_hours is not None and datetime.now(UTC) - end > timedelta(hours=limit_hours)


def counts(uri: str) -> dict[str, int]:
    """Rows in each table."""
    query = (
        "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM products),"
        " (SELECT count(*) FROM events)"
    )
    return dict(zip(("customers", "products", "events"), _row(uri, query), strict=True))  # type: ignore[arg-type]


def titles(uri: str) -> dict[str, str]:
    """Product titles by item id."""
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id::text, title FROM products")
        return dict(cursor.fetchall())


def busy(uri: str, count: int) -> tuple[list[str], list[str]]:
    """The users and the items with the most events."""
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id::text FROM events WHERE customer_id IS NOT NULL"
            " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s",
            (count,),
        )
        users = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT e.product_id::text FROM events e JOIN products p ON p.id = e.product_id"
            " GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s",
            (count,),
        )
        return users, [row[0] for row in cursor.fetchall()]


def prices(uri: str) -> dict[str, float]:
    """Product prices by item id."""
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id::text, coalesce(price, 0)::float FROM products")
        return dict(cursor.fetchall())


def add_events(uri: str, rows: Sequence[tuple[int, int, str]]) -> None:
    """Write what visitors did now: customer, product and kind of each event."""
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO events (id, customer_id, product_id, kind, happened_at)"
            " SELECT coalesce(max(id), 0) + 1, %s, %s, %s, now() FROM events",
            rows,
        )
    connection.close()


def _row(uri: str, query: str) -> tuple[object, ...]:
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone() or ()


def _one(uri: str, query: str) -> str | None:
    row = _row(uri, query)
    return row[0] if row else None  # type: ignore[return-value]


def _copy(cursor: psycopg2.extensions.cursor, table: str, frame: pd.DataFrame) -> None:
    frame = frame.copy()
    for name in frame.columns:
        if len(frame) and isinstance(frame[name].iloc[0], list):
            frame[name] = ["{" + ",".join(f'"{entry}"' for entry in value) + "}" for value in frame[name]]
    buffer = io.StringIO(frame.to_csv(index=False, header=False))
    statement = sql.SQL("COPY {} ({}) FROM STDIN WITH (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    cursor.copy_expert(statement, buffer)
