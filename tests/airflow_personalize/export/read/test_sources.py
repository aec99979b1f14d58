"""Databases that come through their DB-API driver."""

from __future__ import annotations

import sqlite3
import sys
import time
from datetime import UTC, datetime
from types import ModuleType

import pytest

from airflow_personalize.export.exceptions import DatabaseConnectionError, ExportError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.prefetch import ReadAhead
from airflow_personalize.export.read.sources import DbApiSource, PostgresSource, streaming_cursor

DAY = Partition("2026-01-01", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
QUERY = "SELECT user_id, item_id, event_type, event_value, device, timestamp FROM events ORDER BY rowid"


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE events (user_id, item_id, event_type, event_value, device, timestamp)"
        )
    return path


def test_a_table_without_types_is_checked_value_by_value(sqlite, s3, location, interactions_schema, text_of):
    rows = [
        (1, "p1", "view", 1.5, None, 1767225600),
        ("2", 7, "view", "2.5", "tv", "1767225601"),
        (2.5, b"p3", "view", None, "tv", 1767225602.0),
        (4, b"\xff", "view", None, "tv", 1767225603),
        (5, "p5", "view", "much", "tv", 1767225604),
    ]
    with sqlite3.connect(sqlite) as connection:
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
    source = DbApiSource(lambda: sqlite3.connect(sqlite), "?", text_instants=True)

    summary = Export(source, s3, location, interactions_schema, rejected_limit=1).run(QUERY, Partition("all"))

    assert summary.rejected == {"bad_encoding": 1, "wrong_type": 1}
    assert text_of(summary.files[0]["key"]).splitlines()[1:] == [
        "1,p1,view,1.5,,1767225600",
        "2,7,view,2.5,tv,1767225601",
        "2.5,p3,view,,tv,1767225602",
    ]


def test_many_batches_are_one_export(sqlite, s3, location, interactions_schema):
    with sqlite3.connect(sqlite) as connection:
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, 'view', NULL, NULL, ?)",
            [(n % 50, n % 70, 1767225600 + n) for n in range(10_000)],
        )
    source = DbApiSource(lambda: sqlite3.connect(sqlite), "?", batch_rows=999)

    summary = Export(source, s3, location, interactions_schema).run(QUERY, Partition("all"))

    assert summary.rows_written == 10_000
    assert (summary.distinct_users, summary.distinct_items) == (50, 70)


def test_a_statement_that_is_no_query_is_refused(sqlite):
    source = DbApiSource(lambda: sqlite3.connect(sqlite), "?")

    with pytest.raises(ExportError, match="must be a SELECT"), source.query("DELETE FROM events", {}):
        pass


class FakeConnection:
    """A driver's connection that notes what it was asked for."""

    def __init__(self, rows=()):
        self.rows, self.cursors, self.executed, self.closed = list(rows), [], [], False
        self.description = [("user_id",)]

    def cursor(self, *args, **kwargs):
        self.cursors.append((args, kwargs))
        return self

    def execute(self, *statement):
        self.executed.append(statement)

    def fetchmany(self, size):
        batch, self.rows = self.rows[:size], self.rows[size:]
        return batch

    def close(self):
        self.closed = True


def connection_of(module):
    return type("Connection", (FakeConnection,), {"__module__": module})


def test_mysql_streams_from_the_server_and_binds_the_bounds(monkeypatch):
    cursors = ModuleType("MySQLdb.cursors")
    cursors.SSCursor = object()
    monkeypatch.setitem(sys.modules, "MySQLdb", ModuleType("MySQLdb"))
    monkeypatch.setitem(sys.modules, "MySQLdb.cursors", cursors)
    connection = connection_of("MySQLdb.connections")([(n,) for n in range(5)])
    source = DbApiSource(lambda: connection, "%s", batch_rows=2)

    with source.query(
        "SELECT id AS user_id FROM e WHERE at >= :start AND x LIKE 'a%'", DAY.parameters
    ) as rows:
        batches = [batch.column(0).to_pylist() for batch in rows.batches]

    assert batches == [[0, 1], [2, 3], [4]]
    assert connection.cursors == [((), {}), ((cursors.SSCursor,), {})]
    assert connection.executed == [
        ("SET time_zone = '+00:00'",),
        ("SELECT id AS user_id FROM e WHERE at >= %s AND x LIKE 'a%%'", [datetime(2026, 1, 1)]),
    ]
    assert connection.closed


@pytest.mark.parametrize("driver", ["psycopg2.extensions", "psycopg"])
def test_postgresql_drivers_get_a_cursor_on_the_server(driver):
    connection = connection_of(driver)()

    streaming_cursor(connection)

    [(_, options)] = connection.cursors
    assert options["name"].startswith("export_")


def test_leaving_early_ends_the_query_of_a_slow_reader(postgres, run_sql):
    source = PostgresSource(postgres, batch_bytes=1 << 10)
    query = "SELECT n AS user_id, pg_sleep(0.001) IS NULL AS nothing FROM generate_series(1, 1000000) AS n"

    with ReadAhead(source.query(query, {})) as rows:
        first = next(rows.batches)

    active = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.001)%' "
        "AND pid <> pg_backend_pid() AND state = 'active'"
    )
    assert 0 < first.num_rows < 1_000
    for _ in range(100):  # the server learns of it when it next looks
        if run_sql(active) == [(0,)]:
            return
        time.sleep(0.1)
    pytest.fail("the query still runs")


def test_an_error_of_the_database_reaches_the_reader(postgres):
    with (
        pytest.raises(Exception, match="no_such_table"),
        ReadAhead(PostgresSource(postgres).query("SELECT * FROM no_such_table", {})),
    ):
        pass


def test_bounds_without_a_time_zone_are_utc(postgres):
    query = "SELECT (TIMESTAMP '2026-01-01 00:00:00' = :start)::int AS user_id"

    elsewhere = f"{postgres} options='-c timezone=Asia/Tokyo'"

    with PostgresSource(elsewhere).query(query, DAY.parameters) as rows:
        assert [batch.to_pydict() for batch in rows.batches] == [{"user_id": [1]}]


@pytest.mark.parametrize("kind", ["adbc", "dbapi"])
def test_a_database_that_cannot_be_reached_names_its_connection_and_not_its_password(kind, tmp_path):
    source = PostgresSource("host=127.0.0.1 port=9 user=shop password=s3cret", name="shop_db")
    if kind == "dbapi":
        missing = tmp_path / "nowhere" / "shop.db"
        source = DbApiSource(lambda: sqlite3.connect(missing), "?", name="shop_db")
    with pytest.raises(DatabaseConnectionError) as failed, source.query("SELECT 1", {}):
        pass
    assert "connection 'shop_db': no connection to its database" in str(failed.value)
    assert "AIRFLOW_CONN_SHOP_DB" in str(failed.value)
    assert "s3cret" not in str(failed.value)
