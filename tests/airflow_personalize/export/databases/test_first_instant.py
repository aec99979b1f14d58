"""The first instant of a query, on each database and in each way that a column is written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.read.first_instant import first_instant
from tests.airflow_personalize.export.databases.conftest import DATABASES

FIRST = datetime(2026, 3, 6, 23, 59, 58, tzinfo=UTC)
BOUNDS = {"start": datetime(2026, 1, 1, tzinfo=UTC), "end": datetime(2026, 4, 1, tzinfo=UTC)}
COLUMNS = {"postgres": "timestamptz", "mysql": "DATETIME(3)", "sqlite": "TEXT"}
INSTANT = {"postgres": "at", "mysql": "at", "sqlite": "CAST(strftime('%s', at) AS integer)"}
QUERY = "SELECT id, {} AS {} FROM events WHERE at >= :partition_start AND at < :partition_end; -- the end"


@pytest.fixture
def events(database_of):
    def filled(name):
        database = database_of(name)
        zone = "+00" if database.kind == "postgres" else ""
        database.run(f"CREATE TABLE events (id integer, at {COLUMNS[database.kind]})")
        for number, text in enumerate(
            ("2026-03-09 00:00:00", "2026-03-06 23:59:58.5", "2025-12-31 23:59:59")
        ):
            database.run(f"INSERT INTO events VALUES ({number}, '{text}{zone}')")  # noqa: S608
        return database

    return filled


@pytest.mark.parametrize("column", ["timestamp", '"TIMESTAMP"'])
@pytest.mark.parametrize("name", DATABASES)
def test_the_first_row_within_the_bounds_counts(events, name, column):
    database = events(name)
    column = column.replace('"', "`") if database.kind == "mysql" else column
    query = QUERY.format(INSTANT[database.kind], column)
    assert first_instant(database.source, query, BOUNDS) == FIRST
    database.run("DELETE FROM events")
    assert first_instant(database.source, query, BOUNDS) is None


@pytest.mark.parametrize("name", ["postgres", "sqlite"])
def test_epoch_seconds_are_instants_and_other_columns_are_named(events, name):
    database = events(name)
    query = QUERY.replace("; -- the end", "")
    assert first_instant(database.source, query.format("1772841598", "timestamp"), BOUNDS) == FIRST
    with pytest.raises(ExportError, match="no column TIMESTAMP, only id, at"):
        first_instant(database.source, query.format("at", "at"), BOUNDS)
    with pytest.raises(ExportError, match="'yesterday', which is no instant"):
        first_instant(database.source, query.format("'yesterday'", "timestamp"), BOUNDS)
