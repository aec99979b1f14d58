"""A month backfilled through the real scheduler, four days at a time, with a retraining in the middle."""

from __future__ import annotations

import csv
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

EXPORT, RETRAIN = "export_interactions", "retrain_recommenders"
DAYS = 30
SECONDS = 900
#: Rows as the query exports them; the CSV has whole seconds.
ROWS = """
SELECT user_id::text, item_id::text, kind::text, floor(extract(epoch FROM at))::bigint::text, at::date::text
FROM (SELECT DISTINCT customer_id AS user_id, product_id AS item_id, kind, stars, happened_at AT TIME ZONE
      'UTC' AS at FROM events WHERE customer_id IS NOT NULL AND product_id IS NOT NULL) AS distinct_events
WHERE at >= %s AND at < %s
"""


@pytest.fixture(scope="module")
def month():
    """The first day of the month, and the day after its last, which is yesterday."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=DAYS), today


@pytest.fixture
def database_rows(stack, month):
    """Each exportable row of the month with its day, as the database counts it."""
    first, end = (day.replace(tzinfo=None) for day in month)
    with psycopg2.connect(stack.database) as connection, connection.cursor() as cursor:
        cursor.execute(ROWS, [first, end])
        return cursor.fetchall()


def start_backfill(stack, month):
    stack.airflow.wait_for_dag(EXPORT)
    stack.airflow.unpause(EXPORT)
    first, end = month
    created = stack.airflow.post(
        "/backfills",
        {
            "dag_id": EXPORT,
            "from_date": first.isoformat(),
            "to_date": (end - timedelta(days=1)).isoformat(),
            "max_active_runs": 4,
            "run_backwards": True,
            "reprocess_behavior": "completed",
        },
    )
    return created["id"]


def runs_of(stack):
    """The backfill's runs by state, and the most that ran at the same time as far as one look can tell."""
    runs = stack.airflow.get(f"/dags/{EXPORT}/dagRuns", run_type="backfill", limit=100)["dag_runs"]
    return Counter(run["state"] for run in runs)


def wait_for_runs(stack, enough):
    deadline = time.monotonic() + SECONDS
    most = 0
    while True:
        states = runs_of(stack)
        most = max(most, states["running"])
        assert not states["failed"], states
        if states["success"] >= enough:
            return most
        assert time.monotonic() < deadline, states
        time.sleep(0.5)


def retrain(stack):
    run = stack.run(RETRAIN)
    assert run["state"] == "success", {
        task: state for task, state in run["tasks"].items() if state != "success"
    }
    return run


def snapshot_of(stack, run_id):
    return stack.airflow.xcom(RETRAIN, run_id, "snapshot_interactions")


def imported_rows(stack, location):
    """User, item, kind and second of each row below the location that the import job has read."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    s3 = stack.aws("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [each["Key"] for page in pages for each in page["Contents"]]:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        for row in csv.DictReader(body.splitlines()):
            yield row["user_id"], row["item_id"], row["event_type"], row["timestamp"]


def import_jobs_from(stack, location):
    personalize = stack.aws("personalize")
    pages = personalize.get_paginator("list_dataset_import_jobs").paginate()
    jobs = [job["datasetImportJobArn"] for page in pages for job in page["datasetImportJobs"]]
    described = [
        personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"] for job in jobs
    ]
    return [job["status"] for job in described if job["dataSource"]["dataLocation"] == location]


def test_after_a_backfill_with_a_retraining_in_the_middle_each_row_is_imported_once(
    stack, month, database_rows
):
    start_backfill(stack, month)
    wait_for_runs(stack, 12)

    middle = retrain(stack)
    at_once = wait_for_runs(stack, DAYS)
    last = retrain(stack)

    assert at_once <= 4
    a_day = Counter(row[-1] for row in database_rows)
    partial = snapshot_of(stack, middle["dag_run_id"])
    assert {each["key"]: each["rows"] for each in partial["partitions"] if each["rows"]} == {
        day: rows for day, rows in a_day.items() if day in {each["key"] for each in partial["partitions"]}
    }
    whole = snapshot_of(stack, last["dag_run_id"])
    exported = [each["key"] for each in whole["partitions"]]
    assert exported == [(month[0] + timedelta(days=number)).date().isoformat() for number in range(DAYS)]
    assert Counter(imported_rows(stack, whole["location"])) == Counter(row[:-1] for row in database_rows)
    assert import_jobs_from(stack, whole["location"]) == ["ACTIVE"]
