"""The clean-up takes what no import can need any more, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.garbage import find, remove
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.snapshot import create_snapshot

QUERY = (
    "SELECT nullif(n, 3) AS user_id, n AS item_id, 'view' AS event_type, NULL::real AS event_value, "
    "NULL::text AS device, 1767225600 + n AS timestamp FROM generate_series(1, 10) AS n"
)


@pytest.fixture
def export(s3, place, postgres, interactions_schema):
    built = Export(PostgresSource(postgres), s3, place, interactions_schema, rejected_limit=1)
    return lambda: built.run(QUERY, Partition("2026-01-01"))


@pytest.fixture
def tomorrow():
    return datetime.now(UTC) + timedelta(days=1)


def test_replaced_files_old_snapshots_rejects_and_broken_uploads_are_garbage(
    s3, place, export, keys, tomorrow
):
    old = export()
    create_snapshot(s3, place, "yesterday")
    current = export()
    s3.create_multipart_upload(Bucket="lake", Key=f"{place.root}dt=2026-01-01/killed/part-00000.csv")

    garbage = find(s3, place, tomorrow)
    remove(s3, place, garbage)

    assert old.files[0]["key"] in garbage.keys
    assert keys() == sorted([current.files[0]["key"], place.manifest("dt=2026-01-01")])
    assert s3.list_multipart_uploads(Bucket="lake").get("Uploads", []) == []
    assert sum(each["rows"] for each in current.files) == 9


def test_nothing_young_is_garbage(s3, place, export):
    export()
    export()

    assert find(s3, place, datetime.now(UTC) - timedelta(hours=1)).keys == []


def test_other_datasets_are_left_alone(s3, place, export, tomorrow):
    export()
    for key in (
        "encore/imports/run/users/f/a.csv",
        "encore/rejected/users/a.csv",
        "encore/users/full/x/a.csv",
    ):
        s3.put_object(Bucket="lake", Key=key, Body=b"x")

    assert all("/users/" not in key for key in find(s3, place, tomorrow).keys)
