"""The history as Parquet in a bucket."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from encore import history

FIRST, SECOND = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)


def row(when: datetime, solution: str = "related", **fields):
    return {"recorded_at": when, "solution": solution, "run_id": f"scheduled__{when.isoformat()}", **fields}


@pytest.fixture
def bucket():
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        client.create_bucket(Bucket="runs")
        yield client


def test_what_was_appended_is_read_oldest_first(bucket):
    second = row(SECOND, metrics={"coverage": 0.2}, rows={"interactions": 7}, seconds={"train": 1.5})
    history.append(bucket, "runs", "shop", "scheduled__2", [second])
    history.append(bucket, "runs", "shop", "scheduled__1", [row(FIRST, "popular"), row(FIRST)])
    rows = history.read(bucket, "runs", "shop")
    assert [(entry["recorded_at"], entry["solution"]) for entry in rows] == [
        (FIRST, "popular"),
        (FIRST, "related"),
        (SECOND, "related"),
    ]
    assert rows[2]["metrics"] == {"coverage": 0.2}
    assert rows[2]["seconds"] == {"train": 1.5}
    assert rows[0]["metrics"] is None


def test_a_run_that_is_recorded_again_replaces_only_its_own_rows(bucket):
    for outcome in ("failed", "promoted"):
        history.append(bucket, "runs", "shop", "scheduled__2", [row(SECOND, outcome=outcome)])
    history.append(bucket, "runs", "shop", "scheduled__1", [row(FIRST, outcome="held")])
    assert [entry["outcome"] for entry in history.read(bucket, "runs", "shop")] == ["held", "promoted"]


def test_a_file_of_an_older_version_has_nulls_in_newer_columns():
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"solution": ["related"], "recorded_at": [FIRST]}), out)
    (read,) = history.from_parquet(out.getvalue())
    assert read["solution"] == "related"
    assert read["code_version"] is None


def test_an_unknown_column_is_refused():
    with pytest.raises(KeyError, match="outcom"):
        history.to_parquet([row(FIRST, outcom="held")])


def test_the_history_tells_past_metrics_and_the_usual_rows():
    past = [
        row(FIRST, metrics={"coverage": 0.1}, rows={"interactions": 10}, solution_version_arn="1"),
        row(FIRST, "popular", metrics={"coverage": 0.3}, rows={"interactions": 10}, solution_version_arn="2"),
        row(SECOND, metrics={"coverage": 0.2}, rows={"interactions": 20}, solution_version_arn="3"),
        row(SECOND, "popular", metrics=None, rows=None),
    ]
    assert history.metrics_of(past, "related") == [{"coverage": 0.1}, {"coverage": 0.2}]
    assert history.metrics_of(past, "related", before=SECOND) == [{"coverage": 0.1}]
    assert history.usual_rows(past, "interactions") == [10, 20]


def test_a_run_that_added_days_or_left_out_the_newest_says_nothing_of_the_usual_rows(bucket):
    rows = [
        row(FIRST, rows={"interactions": 20}, import_mode="FULL"),
        row(SECOND, rows={"interactions": 1}, import_mode="INCREMENTAL"),
        row(
            SECOND,
            rows={"interactions": 9},
            import_mode="FULL",
            as_of="2026-02-01",
        ),
    ]
    for number, entry in enumerate(rows):
        history.append(bucket, "runs", "shop", f"run {number}", [{**entry, "run_id": f"run {number}"}])
    assert history.usual_rows(history.read(bucket, "runs", "shop"), "interactions") == [20]
