"""A month backfilled through the real scheduler, four days at a time, with a retraining in the middle."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from demo.settings import ROOT
from tests.end_to_end.helpers import manifests, wait_for

EXPORT, RETRAIN = "export_interactions", "retrain_recommenders"
DAYS = 30
REPEATED = slice(10, 13)  # days that are backfilled a second time
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


def start_by_command(stack, first, last):
    """Backfill from the command line: four days at a time, the newest first, and days that ran before as well."""
    stack.airflow.wait_for_dag(EXPORT)
    stack.airflow.unpause(EXPORT)
    airflow = stack.stack.airflow
    options = {
        "--dag-id": EXPORT,
        "--from-date": first.isoformat(),
        "--to-date": last.isoformat(),
        "--max-active-runs": "4",
        "--reprocess-behavior": "completed",
    }
    command = [sys.executable, "-m", "airflow", "backfill", "create", "--run-backwards"]
    done = subprocess.run(
        [*command, *(word for option in options.items() for word in option)],
        env=airflow.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def start_as_the_page_does(stack, first, last):
    """Backfill with the request of Airflow's backfill form; returns its number."""
    body = {
        "dag_id": EXPORT,
        "from_date": first.isoformat(),
        "to_date": last.isoformat(),
        "max_active_runs": 4,
        "run_backwards": False,
        "reprocess_behavior": "completed",
    }
    return stack.airflow.post("/backfills", body)["id"]


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
    """Import and train; the run ends there, since whether the new versions go live is not in question."""
    run_id = stack.start_run(RETRAIN)
    deadline = time.monotonic() + SECONDS
    while True:
        states = stack.states(RETRAIN, run_id)
        assert "failed" not in {
            state for task, state in states.items() if not task.startswith("solution.")
        }, states
        wanted = [state for task, state in states.items() if task.startswith(("import_", "solution.train["))]
        if len(wanted) >= 4 and set(wanted) == {"success"}:
            break
        assert time.monotonic() < deadline, states
        time.sleep(0.5)
    stack.airflow.patch(f"/dags/{RETRAIN}/dagRuns/{run_id}", {"state": "success"})
    return run_id


def snapshot_of(stack, run_id):
    return stack.airflow.xcom(RETRAIN, run_id, "snapshot_interactions")


def rows_below(s3, bucket, prefix):
    """User, item, kind and second of each row in the CSV files below a prefix."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [entry["Key"] for page in pages for entry in page["Contents"]]:
        if key.endswith(".csv"):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            for row in csv.DictReader(body.splitlines()):
                upper = {name.upper(): value for name, value in row.items()}
                yield tuple(upper[name] for name in ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"))


def rows_in_the_service(stack):
    """User, item, kind and second of each interaction that the service holds, by a dataset export job."""
    personalize, s3 = stack.aws("personalize"), stack.aws("s3")
    datasets = personalize.list_datasets()["datasets"]
    dataset = next(entry for entry in datasets if entry["datasetType"].upper() == "INTERACTIONS")
    job = personalize.create_dataset_export_job(
        jobName="after-the-backfill",
        datasetArn=dataset["datasetArn"],
        roleArn=stack.aws("iam").get_role(RoleName="EncorePersonalizeRole")["Role"]["Arn"],
        ingestionMode="BULK",
        jobOutput={"s3DataDestination": {"path": "s3://encore-shop/after-the-backfill/"}},
    )["datasetExportJobArn"]
    wait_for(
        lambda: personalize.describe_dataset_export_job(datasetExportJobArn=job)["datasetExportJob"]["status"]
    )
    return rows_below(s3, "encore-shop", "after-the-backfill/")


def test_after_a_backfill_with_a_retraining_in_the_middle_each_row_is_imported_once(
    stack, month, database_rows
):
    start_by_command(stack, month[0], month[1] - timedelta(days=1))
    wait_for_runs(stack, 12)

    middle = retrain(stack)
    at_once = wait_for_runs(stack, DAYS)
    last = retrain(stack)

    assert at_once <= 4
    a_day = Counter(row[-1] for row in database_rows)
    partial = snapshot_of(stack, middle)
    assert {
        partition["key"]: partition["rows"] for partition in partial["partitions"] if partition["rows"]
    } == {
        day: rows
        for day, rows in a_day.items()
        if day in {partition["key"] for partition in partial["partitions"]}
    }
    whole = snapshot_of(stack, last)
    exported = [partition["key"] for partition in whole["partitions"]]
    assert exported == [(month[0] + timedelta(days=number)).date().isoformat() for number in range(DAYS)]
    assert Counter(rows_in_the_service(stack)) == Counter(row[:-1] for row in database_rows)


def test_days_backfilled_again_are_replaced_with_the_same_rows_and_no_others_are_touched(stack, month):
    before = manifests(stack.aws("s3"))
    days = sorted(before)[REPEATED]
    first = month[0] + timedelta(days=REPEATED.start)
    number = start_as_the_page_does(stack, first, first + timedelta(days=len(days) - 1))
    deadline = time.monotonic() + SECONDS
    while stack.airflow.get(f"/backfills/{number}")["completed_at"] is None:
        assert time.monotonic() < deadline, runs_of(stack)
        time.sleep(0.5)
    after = manifests(stack.aws("s3"))
    assert [day for day in sorted(after) if after[day] != before[day]] == days
    for day in days:
        rows = [
            (slack["rows"], slack["content_hash"]) for slack in map(json.loads, (before[day], after[day]))
        ]
        assert rows[0] == rows[1]
