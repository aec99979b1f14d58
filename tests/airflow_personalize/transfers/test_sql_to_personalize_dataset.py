"""The transfer as Airflow runs it: templates, connections, XCom, assets, failures."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk import DAG, Asset
from airflow.sdk.exceptions import AirflowFailException
from moto import mock_aws

from airflow_personalize.export import profiles
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
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
SQL = (
    "SELECT customer AS user_id, product AS item_id, at AS timestamp FROM events "
    "WHERE day >= {{ start }} AND day < {{ end }} ORDER BY id"
)
JANUARY_1 = {"key": "2026-01-01", "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
JANUARY_2 = {"key": "2026-01-02", "start": "2026-01-02T00:00:00Z", "end": "2026-01-03T00:00:00Z"}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """An SQLite database with three events on 1 January and one on the 2nd."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE events (id INTEGER, customer, product TEXT, at, day TEXT)")
        connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?)",
            [
                (1, 7, "p1", 1767225600, "2026-01-01 00:00:00"),
                (2, 8, "p1", 1767225660, "2026-01-01 00:01:00"),
                (3, 7, "p2", 1767311999, "2026-01-01 23:59:59"),
                (4, 7, "p3", 1767312000, "2026-01-02 00:00:00"),
            ],
        )
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps({"conn_type": "sqlite", "host": str(path)}))
    return path


@pytest.fixture
def s3(monkeypatch):
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="lake")
        yield client


def export(searchpath=None, **changes):
    settings = {"sql": SQL, "schema": SCHEMA, "dataset": "interactions", "bucket": "lake", "prefix": "encore"}
    with DAG("d", schedule=None, template_searchpath=searchpath):
        return SqlToPersonalizeDatasetOperator(task_id="export", **{**settings, **changes})


def context(**values):
    return {"run_id": "scheduled__2026-01-02", "dag_run": SimpleNamespace(partition_key=None), **values}


def executed(operator, **values):
    run_context = context(**values)
    operator.render_template_fields(run_context)
    return operator.execute(run_context)


def lines(s3, key):
    return s3.get_object(Bucket="lake", Key=key)["Body"].read().decode().splitlines()


def test_each_partition_gets_the_rows_between_its_own_bounds(shop, s3):
    summary = executed(export(partitions=[JANUARY_1, JANUARY_2]))

    assert [partition["rows_written"] for partition in summary["partitions"]] == [3, 1]
    first, second = (partition["files"][0]["key"] for partition in summary["partitions"])
    assert lines(s3, first) == [
        "user_id,item_id,timestamp",
        *("7,p1,1767225600", "8,p1,1767225660"),
        "7,p2,1767311999",
    ]
    assert lines(s3, second) == ["user_id,item_id,timestamp", "7,p3,1767312000"]


def test_the_summary_is_json_and_adds_up(shop, s3):
    summary = executed(export(partitions=[JANUARY_1, JANUARY_2]))

    assert json.loads(json.dumps(summary)) == summary
    assert summary["rows_read"] == summary["rows_written"] + summary["rows_rejected"] == 4
    assert summary["location"] == "s3://lake/encore/interactions/"
    assert (summary["min_timestamp"], summary["max_timestamp"]) == (1767225600, 1767312000)
    assert (summary["distinct_users"], summary["distinct_items"]) == (2, 3)  # each once, not once a day


def test_without_partitions_the_data_interval_is_exported(shop, s3):
    summary = executed(
        export(),
        data_interval_start=datetime(2026, 1, 2, tzinfo=UTC),
        data_interval_end=datetime(2026, 1, 3, tzinfo=UTC),
    )

    assert summary["partitions"][0]["key"] == "2026-01-02"
    assert summary["rows_written"] == 1


def test_without_partitions_the_runs_partition_key_is_exported(shop, s3):
    summary = executed(export(), dag_run=SimpleNamespace(partition_key="2026-01-01T00:00:00"))

    assert summary["partitions"][0]["key"] == "2026-01-01"
    assert summary["rows_written"] == 3


def test_a_manual_run_without_an_interval_says_what_to_give(shop, s3):
    now = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
    with pytest.raises(AirflowFailException, match="give `partitions`"):
        executed(export(), data_interval_start=now, data_interval_end=now)


def test_a_query_file_renders_other_templates_as_usual(shop, s3, tmp_path):
    (tmp_path / "q.sql").write_text(SQL.replace("FROM events", "FROM {{ run_id[:0] }}events"))
    operator = export(searchpath=[str(tmp_path)], sql="q.sql")
    operator.resolve_template_files()

    assert executed(operator, dag_run=SimpleNamespace(partition_key="2026-01-01"))["rows_written"] == 3


def test_too_many_rejected_rows_fail_the_task_without_a_retry(shop, s3):
    with sqlite3.connect(shop) as connection:
        connection.execute("UPDATE events SET customer = NULL WHERE id = 2")

    with pytest.raises(AirflowFailException) as failure:
        executed(export(partitions=[JANUARY_1]))

    message = str(failure.value)
    assert "1 of 3 rows (33.33%) rejected, the limit is 1.00%" in message
    assert "missing_value 1" in message
    assert "row 2, user_id" in message
    assert "s3://lake/encore/rejected/interactions/dt=2026-01-01/" in message
    assert (
        s3.list_objects_v2(Bucket="lake", Prefix="encore/interactions/dt=2026-01-01/_manifest")["KeyCount"]
        == 0
    )


def test_outlets_carry_the_summary(shop, s3):
    asset = Asset(name="interactions", uri="s3://lake/encore/interactions/")
    event = SimpleNamespace(extra={})

    executed(export(partitions=[JANUARY_1], outlets=[asset]), outlet_events={asset: event})

    assert event.extra["rows_written"] == 3
    assert event.extra["partitions"] == ["2026-01-01"]


def test_an_import_snapshot_holds_every_row_once(shop, s3):
    executed(export(partitions=[JANUARY_1, JANUARY_2]))
    executed(export(partitions=[JANUARY_1]))
    with DAG("d", schedule=None):
        snapshot = PersonalizeDatasetSnapshotOperator(
            task_id="snapshot", dataset="interactions", bucket="lake", prefix="encore", minimum=False
        )

    result = executed(snapshot)

    assert result["rows"] == 4
    assert result["location"].startswith("s3://lake/encore/imports/scheduled__2026-01-02/interactions/")
    prefix = result["location"].removeprefix("s3://lake/")
    copied = [entry["Key"] for entry in s3.list_objects_v2(Bucket="lake", Prefix=prefix)["Contents"]]
    rows = [line for key in copied for line in lines(s3, key)[1:]]
    assert sorted(rows) == ["7,p1,1767225600", "7,p2,1767311999", "7,p3,1767312000", "8,p1,1767225660"]
    profile = profiles.read(s3, "lake", [result["profile"]])
    assert (profile.rows, profile.partitions, profile.users_with_two) == (4, 2, 1)
    assert profile.column("item_id").top == {"p1": 2, "p2": 1, "p3": 1}
    assert not any(key.endswith(".json") for key in copied)


def test_a_snapshot_too_small_to_train_on_fails(shop, s3):
    executed(export(partitions=[JANUARY_1]))
    with DAG("d", schedule=None):
        snapshot = PersonalizeDatasetSnapshotOperator(
            task_id="snapshot", dataset="interactions", bucket="lake", prefix="encore"
        )

    with pytest.raises(AirflowFailException, match="only 3 interactions, the service needs 1,000"):
        executed(snapshot)
