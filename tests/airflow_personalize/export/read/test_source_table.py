"""The table behind a query's ids."""

from __future__ import annotations

import sqlite3

import pytest

from airflow_personalize.export.read.source_table import source_table


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id AS item_id, genre FROM films",
        "-- all\nSELECT f.id AS ITEM_ID, upper(f.genre) AS genre FROM films f WHERE f.id < 3",
        "SELECT DISTINCT CAST(id AS TEXT) AS item_id FROM main.films AS f",
    ],
)
def test_another_column_of_the_table_is_asked_for_by_the_ids_of_the_query(query):
    database = sqlite3.connect(":memory:")
    database.executescript(
        "CREATE TABLE films (id INTEGER, genre TEXT, \"the name\" TEXT); INSERT INTO films VALUES (7, 'x', 'Heat')"
    )
    source = source_table(query, "sqlite", "item_id")
    names = [column[0] for column in database.execute(source.columns_query).description]
    assert names == ["id", "genre", "the name"]
    rows = database.execute(source.query("item_id", "the name", "title"))
    assert [column[0] for column in rows.description] == ["item_id", "title"]
    assert rows.fetchall() == [("7", "Heat")]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT f.id AS item_id FROM films f JOIN genres g ON g.id = f.genre",
        "SELECT item_id FROM (SELECT id AS item_id FROM films UNION SELECT id FROM plays) x",
        "SELECT * FROM films",
        "SELECT id FROM films",
        "SELECT id AS item_id",
        "not SQL at all (",
        "",
    ],
)
def test_where_the_text_does_not_tell_there_is_none(query):
    assert source_table(query, "sqlite", "item_id") is None
