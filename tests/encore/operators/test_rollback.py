"""Which version a campaign goes back to, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore import history, notifications
from encore.operators import rollback
from encore.operators.rollback import (
    PersonalizeRecordRollbackOperator,
    PersonalizeSelectRollbackVersionOperator,
)
from encore.runs.failure_reasons import Failure
from tests.support.operator_runs import BUCKET, Task

FIRST_RUN = datetime(2026, 2, 1, 3, tzinfo=UTC)


def group(name: str = "operated", prefix: str = "rollbacks") -> dict:
    return {
        "name": name,
        "role": "R",
        "bucket": BUCKET,
        "prefix": prefix,
        "datasets": {"interactions": {"schema": "x", "sql": "x"}},
        "solutions": [{"name": "operated", "recipe": "aws-popularity-count"}],
        "notify": [{"type": "slack", "on": ["promoted"]}],
    }


def select(version: str | None = None, campaign: str = "operated", **settings: str):
    operator = PersonalizeSelectRollbackVersionOperator(
        task_id="select", group=group(**settings), campaign_name=campaign, version=version
    )
    return Task().run(operator)


def test_the_version_to_go_back_to_is_found_or_named(service, operated):
    newer = operated.versions[1]
    assert select(newer)["solution_version_arn"] == newer
    assert select(newer.split("/")[-1])["live"] == operated.versions[0]
    with pytest.raises(AirflowFailException, match="no older version"):
        select()
    with pytest.raises(AirflowFailException, match="nope is not a version"):
        select("nope")
    with pytest.raises(AirflowFailException, match="belongs to dataset group operated"):
        select(name="other")
    with pytest.raises(AirflowFailException, match="no campaign never-made"):
        select(campaign="never-made")


def test_a_version_that_was_held_is_passed_over(monkeypatch):
    versions = [f"arn:aws:personalize:us-east-1:1:solution/s/{number}" for number in (4, 3, 2, 1)]
    monkeypatch.setattr(
        "encore.operators.rollback.solution_versions.of_solution",
        lambda client, arn: [{"solutionVersionArn": version, "status": "ACTIVE"} for version in versions],
    )
    rows = [
        {"solution_version_arn": arn, "outcome": outcome}
        for arn, outcome in zip(reversed(versions), ["promoted", "held", "failed", "promoted"], strict=True)
    ]
    monkeypatch.setattr(history, "read", lambda *arguments: rows)
    operator = PersonalizeSelectRollbackVersionOperator(task_id="t", group=group(), campaign_name="c")
    monkeypatch.setitem(vars(operator), "hook", SimpleNamespace(conn=None))
    assert operator._select(versions[0]) == versions[3]
    rows[1]["outcome"] = "promoted"
    assert operator._select(versions[0]) == versions[2]
    rows.clear()  # nothing is recorded: the next older one
    assert operator._select(versions[0]) == versions[1]
    operator.version = "3"  # a person may choose any
    assert operator._select(versions[0]) == versions[1]


def test_a_rollback_is_recorded_drawn_and_notified(service, operated, monkeypatch):
    sent: list[notifications.Message] = []
    monkeypatch.setattr(rollback, "failures", lambda context: [])
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message))
    older, newer = operated.versions
    task = Task("record", run_id="manual__2026-03-01T03:00:00+00:00")
    operator = PersonalizeRecordRollbackOperator(
        task_id="record",
        group=group(prefix="recorded"),
        campaign_name="operated",
        version={"solution_version_arn": older, "live": newer},
        summary="5 questions answered.",
    )
    reason = task.run(operator)
    assert reason == f"Rolled back from {newer.split('/')[-1]}. 5 questions answered."
    s3 = service.client("s3")
    (row,) = history.read(s3, BUCKET, "recorded")
    assert (row["solution_version_arn"], row["outcome"], row["reason"]) == (older, "promoted", reason)
    assert row["live_version_arn"] == newer
    assert row["metrics"]
    page = s3.get_object(Bucket=BUCKET, Key=f"recorded/{history.REPORT_KEY}")["Body"].read().decode()
    assert reason in page
    assert [message.subject for message in sent] == [
        f"operated: operated rolled back to {older.split('/')[-1]}"
    ]


def test_a_rollback_that_fails_is_in_the_history_with_its_task_and_reason(service, operated, monkeypatch):
    sent: list[notifications.Message] = []
    monkeypatch.setattr(notifications, "send", lambda channel, message, context: sent.append(message))
    older, newer = operated.versions
    failure = Failure("verify", "campaign/operated recommends nothing for 17.", "http://airflow/log")
    for version, what in (
        (
            {"solution_version_arn": older, "live": newer},
            f"The rollback to {older.split('/')[-1]} has failed",
        ),
        (None, "The rollback has failed"),
    ):
        monkeypatch.setattr(rollback, "failures", lambda context: [failure])
        operator = PersonalizeRecordRollbackOperator(
            task_id="record",
            group=group(prefix="failed"),
            campaign_name="operated",
            version=version,
            summary=None,
        )
        with pytest.raises(AirflowFailException, match="marked failed because the run has failed"):
            Task("record", run_id="manual__2026-03-01T03:00:00+00:00").run(operator)
        (row,) = history.read(service.client("s3"), BUCKET, "failed")
        assert row["outcome"] == "failed"
        assert row["reason"] == f"{what}: verify: campaign/operated recommends nothing for 17."
        assert (row["failed_task"], row["link"]) == ("verify", "http://airflow/log")
        assert row["solution_version_arn"] is None, "what was live stays a version that was live"
    assert not sent, "the run's own failure is notified by its DAG"


def test_metrics_of_a_version_that_went_live_again_count_once():
    row = {"solution": "s", "solution_version_arn": "a", "metrics": {"m": 0.5}, "recorded_at": FIRST_RUN}
    repeated = {**row, "recorded_at": FIRST_RUN + timedelta(days=1)}
    other = {**row, "solution_version_arn": "b", "metrics": {"m": 0.6}}
    assert history.metrics_of([row, other, repeated], "s") == [{"m": 0.5}, {"m": 0.6}]
