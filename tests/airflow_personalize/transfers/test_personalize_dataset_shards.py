"""Plan, mapped exports and commit as Airflow runs them, one after the other."""

from __future__ import annotations

import csv
import json
import sqlite3

import boto3
import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException
from moto import mock_aws

from airflow_personalize.export import profiles
from airflow_personalize.transfers.personalize_dataset_shards import (
    PersonalizeDatasetCommitOperator,
    PersonalizeDatasetPlanOperator,
)
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "version": "1.0",
    "fields": [
        {"name": "user_id", "type": "string"},
        {"name": "item_id", "type": "string"},
        {"name": "timestamp", "type": "long"},
    ],
}
DAY = {"key": "2026-01-01", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
FEBRUARY_1 = {"key": "2026-02-01", "start": "2026-02-01T00:00:00Z", "end": "2026-02-02T00:00:00Z"}
WHERE = "day >= {{ start }} AND day < {{ end }}"
IN_TIME = f"SELECT user_id, id AS item_id, at AS timestamp FROM events WHERE {WHERE} ORDER BY id"  # noqa: S608
BY_KEY = IN_TIME.replace("ORDER BY", "AND id >= {{ low }} AND id < {{ high }} ORDER BY")
BOUNDS = f"SELECT min(id), max(id) FROM events WHERE {WHERE}"  # noqa: S608
DATASET = {"dataset": "interactions", "bucket": "lake", "prefix": "encore"}


@pytest.fixture
def s3(tmp_path, monkeypatch):
    """S3, and a database with one event each minute of a day, three of them without a user."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (id INTEGER, user_id, at INTEGER, day TEXT)")
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, datetime(?, 'unixepoch'))",
            [
                (n, None if n % 500 == 100 else n % 9, 1767225600 + 60 * n, 1767225600 + 60 * n)
                for n in range(1440)
            ],
        )
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    with mock_aws():
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        client = boto3.client("s3", region_name="us-east-1", **keys)
        client.create_bucket(Bucket="lake")
        yield client


def executed(operator):
    context = {"run_id": "r"}
    operator.render_template_fields(context)
    return operator.execute(context)


def shared(sql, bounds_sql=None, shards=4, rejected_limit=0.01, lost=(), days=(DAY,)):
    with DAG("d", schedule=None):
        plan = PersonalizeDatasetPlanOperator(
            task_id="plan",
            dataset="interactions",
            partitions=list(days),
            shards=shards,
            bounds_sql=bounds_sql,
        )
        planned = json.loads(json.dumps(executed(plan)))
        results = []
        for number, slices in enumerate(planned):
            export = SqlToPersonalizeDatasetOperator(
                task_id=f"export_{number}",
                sql=sql,
                schema=SCHEMA,
                partitions=slices,
                rejected_limit=0,
                **DATASET,
            )
            results.append(json.loads(json.dumps(executed(export))))
        remaining = [entry for number, entry in enumerate(results) if number not in lost]
        commit = PersonalizeDatasetCommitOperator(
            task_id="commit", shards=remaining, rejected_limit=rejected_limit, **DATASET
        )
    return executed(commit)


@pytest.mark.parametrize(("sql", "bounds_sql"), [(IN_TIME, None), (BY_KEY, BOUNDS)])
def test_slices_in_time_or_by_key_become_one_partition(s3, sql, bounds_sql):
    summary = shared(sql, bounds_sql)

    [partition] = summary["partitions"]
    assert partition["key"] == "2026-01-01"
    assert (summary["rows_read"], summary["rows_written"], summary["rows_rejected"]) == (1440, 1437, 3)
    assert (summary["distinct_users"], summary["distinct_items"]) == (9, 1437)
    manifest = json.loads(
        s3.get_object(Bucket="lake", Key=partition["manifest"].removeprefix("s3://lake/"))["Body"].read()
    )
    assert len(manifest["files"]) == 4
    bodies = [s3.get_object(Bucket="lake", Key=file["key"])["Body"].read() for file in manifest["files"]]
    items = [int(row[1]) for body in bodies for row in list(csv.reader(body.decode().splitlines()))[1:]]
    assert items == [number for number in range(1440) if number % 500 != 100]
    rejected = s3.list_objects_v2(Bucket="lake", Prefix="encore/rejected/interactions/")["Contents"]
    assert len(rejected) == 3
    profile = profiles.read(s3, "lake", [manifest["profile"]])
    assert (profile.rows, profile.partitions, profile.users_with_two) == (1437, 1, 9)
    assert profile.column("item_id").distinct == 1437


def test_a_lost_slice_changes_nothing(s3):
    shared(IN_TIME)
    before = s3.get_object(Bucket="lake", Key="encore/interactions/dt=2026-01-01/_manifest.json")["ETag"]

    with pytest.raises(AirflowFailException, match=r"has 4 slices, but \[0, 1, 3\] came"):
        shared(IN_TIME, lost=[2])

    after = s3.get_object(Bucket="lake", Key="encore/interactions/dt=2026-01-01/_manifest.json")["ETag"]
    assert after == before


def test_the_limit_counts_for_the_whole_partition_and_not_for_a_slice(s3):
    with pytest.raises(AirflowFailException, match=r"3 of 1,440 rows \(0.21%\) rejected, the limit is 0.01%"):
        shared(IN_TIME, rejected_limit=0.0001)


def test_ids_of_several_partitions_are_counted_once(s3):
    morning, evening = {**DAY, "end": "2026-01-01T12:00:00Z"}, {**DAY, "start": "2026-01-01T12:00:00Z"}
    summary = shared(IN_TIME, days=[{**morning, "key": "morning"}, {**evening, "key": "evening"}])

    assert [partition["distinct_users"] for partition in summary["partitions"]] == [9, 9]
    assert (summary["distinct_users"], summary["distinct_items"]) == (9, 1437)


def test_an_empty_key_range_is_an_empty_partition(s3):
    summary = shared(BY_KEY, BOUNDS, days=[FEBRUARY_1])

    assert summary["rows_read"] == 0
    assert len(summary["partitions"]) == 1


def test_more_slices_than_airflow_maps_are_refused_with_what_to_do():
    days = [{**DAY, "key": f"day-{n}"} for n in range(300)]
    plan = PersonalizeDatasetPlanOperator(task_id="plan", dataset="i", partitions=days, shards=4)
    with pytest.raises(AirflowFailException, match=r"1200 tasks.* export at most 256 days in one run"):
        executed(plan)
