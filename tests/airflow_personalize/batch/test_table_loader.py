"""Replacing a table's rows, in PostgreSQL and in SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import psycopg2
import pytest

from airflow_personalize.batch.table_loader import Replacement, TableError

COLUMNS = ("user_id", "position", "item_id", "score")
OLD = [("1", 1, "old", 0.5)]
TYPES = ("text", "integer", "text", "double precision")
NEW = [(str(user), position, f"i{position}", 1 / position) for user in range(400) for position in (1, 2, 3)]


@pytest.fixture(params=["psycopg", "psycopg2", "sqlite"])
def database(request, tmp_path, postgres):
    """`open()` gives a new connection; every test begins without tables."""
    if request.param == "sqlite":
        return "sqlite", "?", lambda: sqlite3.connect(tmp_path / "shop.db")
    driver = {"psycopg": psycopg, "psycopg2": psycopg2}[request.param]
    with closing(driver.connect(postgres)) as connection:
        connection.cursor().execute("DROP VIEW IF EXISTS best; DROP TABLE IF EXISTS for_you")
        connection.commit()
    return "postgres", "%s", lambda: driver.connect(postgres)


def replace(database, rows, table="for_you", columns=COLUMNS):
    kind, placeholder, connect = database
    with closing(connect()) as connection:
        replacement = Replacement(connection, kind, placeholder, table, columns)
        replacement.prepare()
        count = replacement.add(rows)
        replacement.commit()
    return count


def read(database, query="SELECT user_id, position, item_id, score FROM for_you ORDER BY 1, 2"):
    with closing(database[2]()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(query)
        return [tuple(row) for row in cursor.fetchall()]


def test_the_table_is_made_and_holds_the_newest_rows_only_however_often_it_is_done(database):
    replace(database, OLD)
    assert replace(database, iter(NEW)) == len(NEW)
    replace(database, NEW)
    assert read(database) == sorted(NEW)


def test_readers_see_the_old_rows_until_all_new_ones_are_there(database):
    kind, placeholder, connect = database
    replace(database, OLD)
    with closing(connect()) as connection:
        replacement = Replacement(connection, kind, placeholder, "for_you", COLUMNS)
        replacement.prepare()
        replacement.add(NEW)
        assert read(database) == OLD
        replacement.commit()
    assert read(database) == sorted(NEW)


def test_a_load_that_ends_half_way_leaves_the_old_rows(database):
    def breaks():
        yield from NEW[:700]
        raise ConnectionError("S3 is gone")

    replace(database, OLD)
    with pytest.raises(ConnectionError):
        replace(database, breaks())
    assert read(database) == OLD


def test_a_table_of_the_users_own_keeps_its_types_columns_and_views(database):
    with closing(database[2]()) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "CREATE TABLE for_you (user_id bigint, position integer, item_id text, score real, note text)"
        )
        cursor.execute("CREATE VIEW best AS SELECT user_id, item_id FROM for_you WHERE position = 1")
        connection.commit()
    replace(database, OLD)
    replace(database, NEW[:3])
    assert read(database, "SELECT user_id, item_id FROM best") == [(0, "i1")]


def test_data_is_never_taken_for_sql(database):
    row = ("'); DROP TABLE for_you; --", 1, '"; %s ? :x', None)
    replace(database, [row])
    assert read(database) == [row]


def test_a_table_without_the_columns_is_refused_by_name(database):
    with closing(database[2]()) as connection:
        connection.cursor().execute("CREATE TABLE for_you (user_id text, rank integer)")
        connection.commit()
    with pytest.raises(TableError, match="for_you has no column position, item_id, score"):
        replace(database, OLD)


@pytest.mark.parametrize(
    "names", ['"USER_ID", "Position", item_id, "SCORE"', "USER_ID, Position, Item_Id, SCORE"]
)
def test_columns_are_found_and_quoted_as_the_table_spells_them(database, names):
    typed = ", ".join(f"{name} {kind}" for name, kind in zip(names.split(", "), TYPES, strict=True))
    with closing(database[2]()) as connection:
        connection.cursor().execute(f"CREATE TABLE for_you ({typed})")
        connection.commit()
    replace(database, OLD)
    replace(database, NEW[:3])
    assert read(database, f"SELECT {names} FROM for_you ORDER BY 1, 2") == sorted(NEW[:3])  # noqa: S608


def test_columns_that_differ_in_case_only_are_refused_by_name(database):
    if database[0] == "sqlite":
        pytest.skip("SQLite's names have no case")
    with closing(database[2]()) as connection:
        connection.cursor().execute(
            'CREATE TABLE for_you ("USER_ID" text, "User_Id" text, position int, item_id text, score real)'
        )
        connection.commit()
    with pytest.raises(TableError, match="columns that differ in case only: USER_ID and User_Id"):
        replace(database, OLD)


def test_a_table_may_be_in_a_schema(database):
    schema = "public" if database[0] == "postgres" else "main"
    replace(database, OLD, f"{schema}.for_you")
    assert read(database) == OLD


def test_other_databases_are_refused():
    with pytest.raises(TableError, match="only of postgres or sqlite"):
        Replacement(None, "mysql", "%s", "for_you", COLUMNS)
