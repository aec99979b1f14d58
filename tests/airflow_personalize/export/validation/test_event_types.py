"""The quota of event types: in one partition, in its slices, and in all partitions that an import reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.export.exceptions import TooManyEventTypesError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import read
from airflow_personalize.export.partitions import Partition, cut_by_key
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.shards import commit_all
from airflow_personalize.export.snapshot import create_snapshot

KINDS = (
    "SELECT n % 40 AS user_id, n AS item_id, 'kind ' || n % {kinds} + {first} AS event_type, 1.0 AS event_value, "
    "'phone' AS device, 1767225600 + n AS timestamp FROM generate_series(0, 1199) AS n"
)


@pytest.fixture
def export(s3, postgres, location, interactions_schema):
    return Export(PostgresSource(postgres), s3, location, interactions_schema)


def day(number: int) -> Partition:
    start = datetime(2026, 1, number, tzinfo=UTC)
    return Partition(start.date().isoformat(), start, start + timedelta(days=1))


def test_as_many_types_as_the_metadata_columns_leave_room_for(export, s3, location):
    export.run(KINDS.format(kinds=7, first=0), day(1))  # and EVENT_TYPE, EVENT_VALUE, one metadata column

    assert len(read(s3, location, "dt=2026-01-01").event_types) == 7


def test_one_type_more_leaves_the_partition_as_it_was(export, s3, location):
    before = export.run(KINDS.format(kinds=2, first=0), day(1))

    counts = "8 distinct event types .'kind 0', .* and 3 metadata columns, the service takes 10"
    with pytest.raises(TooManyEventTypesError, match=f"'2026-01-01', field EVENT_TYPE: {counts}"):
        export.run(KINDS.format(kinds=8, first=0), day(1))

    assert read(s3, location, "dt=2026-01-01").attempt == before.attempt


def test_slices_that_together_have_too_many_change_nothing(export, s3, location):
    few, others = KINDS.format(kinds=6, first=0), KINDS.format(kinds=6, first=6)
    slices = cut_by_key(replace(day(1), attempt="one"), 0, 1199, 2)
    written = [
        export.run(sql + " WHERE n >= :low AND n < :high", part)
        for sql, part in zip((few, others), slices, strict=True)
    ]

    with pytest.raises(TooManyEventTypesError, match="12 distinct event types"):
        commit_all(s3, location, written, 0.01)

    assert read(s3, location, "dt=2026-01-01") is None


def test_days_that_together_have_too_many_are_not_imported(export, s3, location):
    export.run(KINDS.format(kinds=6, first=0), day(1))
    export.run(KINDS.format(kinds=6, first=6).replace("1767225600", "1767312000"), day(2))

    with pytest.raises(TooManyEventTypesError, match="all 2 partitions, field EVENT_TYPE: 12 distinct"):
        create_snapshot(s3, location, "run")

    assert create_snapshot(s3, location, "run", keys=["2026-01-02"]).location
