"""Workers whose clocks are wrong: a partition holds what was read last, by the order of things."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_personalize.export import exporter
from airflow_personalize.export.exporter import Export, manifest_of
from airflow_personalize.export.manifest import commit, read
from airflow_personalize.export.partitions import Partition, cut_by_key
from airflow_personalize.export.read.sources import DbApiSource
from airflow_personalize.export.shards import commit_all
from airflow_personalize.export.write.multipart import MIB, Sizes

BUCKET = "lake"
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
COLUMNS = (
    "user_id, item_id, 'view' AS event_type, NULL AS event_value, NULL AS device, 1767312000 AS timestamp"
)
QUERY = f"SELECT {COLUMNS} FROM events"  # noqa: S608
BY_KEY = f"{QUERY} WHERE user_id >= :low AND user_id < :high"
WHOLE = Partition("full")
SLICES = cut_by_key(replace(WHOLE, attempt="planned"), 0, 99, 2)
#: Seconds by which a worker's clock is wrong.
OFFSETS = st.integers(-86_400, 86_400)


@pytest.fixture
def product_database(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (user_id INTEGER, item_id TEXT)")
    return path


@pytest.fixture
def export(s3, location, interactions_schema, product_database):
    source = DbApiSource(lambda: sqlite3.connect(product_database), "?", text_instants=True, dialect="sqlite")
    return Export(source, s3, location, interactions_schema, sizes=Sizes(part=5 * MIB, file=1 * MIB))


@contextmanager
def clock_shows(moment: datetime) -> Iterator[None]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporter, "datetime", Clock)
        yield


def insert(path, user: int, item: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO events VALUES (?, ?)", (user, item))


def in_database(path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        return sorted((str(user), item) for user, item in connection.execute("SELECT * FROM events"))


def in_partition(s3, location, text_of) -> list[tuple[str, str]]:
    current = read(s3, location, WHOLE.directory)
    assert current is not None
    lines = [line for file in current.files for line in csv.reader(io.StringIO(text_of(file["key"])))]
    return sorted((line[0], line[1]) for line in lines if line[0] != "user_id")


@given(exports=st.lists(st.tuples(st.booleans(), OFFSETS, OFFSETS), min_size=2, max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exports_one_after_the_other_each_leave_what_they_read(
    export, product_database, s3, location, text_of, exports
):
    for number, (in_slices, *offsets) in enumerate(exports):
        insert(product_database, number, f"item{number}")
        moments = [NOON + timedelta(hours=number, seconds=offset) for offset in offsets]
        if in_slices:
            summaries = []
            for part, moment in zip(SLICES, moments, strict=True):
                with clock_shows(moment):
                    summaries.append(export.run(BY_KEY, replace(part, attempt=f"planned-{number}")))
            [done] = commit_all(s3, location, summaries, 0.01)
        else:
            with clock_shows(moments[0]):
                done = export.run(QUERY, WHOLE)
        assert not done.superseded
        assert in_partition(s3, location, text_of) == in_database(product_database)


@pytest.mark.parametrize("first_to_end", ["early", "late"])
def test_of_exports_that_overlap_the_later_reading_holds_if_clocks_are_right(
    export, product_database, s3, location, text_of, first_to_end
):
    with clock_shows(NOON - timedelta(hours=1)):
        export.run(QUERY, WHOLE)
    readings = {}
    for name, minute in (("early", 1), ("late", 2)):
        insert(product_database, minute, name)
        with clock_shows(NOON + timedelta(minutes=minute)):
            readings[name] = export.write(QUERY, WHOLE)
    order = [first_to_end, *({"early", "late"} - {first_to_end})]

    for name in order:
        commit(s3, location, manifest_of(location, WHOLE, readings[name]), readings[name].replaces)

    assert in_partition(s3, location, text_of) == in_database(product_database)
