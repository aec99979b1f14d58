"""The end of a run: every solution that it was to train is in the history, with a version or without."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore import history
from encore.deployment.surroundings import NotAllowedError
from encore.operators import record_run
from encore.operators.record_run import PersonalizeRecordRunOperator

LOG = "http://airflow/dags/d/runs/r/tasks/"
GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "datasets": {"interactions": {"schema": "i.json", "sql": "i.sql"}},
    "solutions": [
        {"name": "popular", "recipe": "aws-popularity-count", "campaign": {"name": "bestsellers"}},
        {"name": "related", "recipe": "aws-sims"},
    ],
}
INPUTS = ("plan", "data_gate", "versions", "decisions", "answers", "checks", "rollbacks")


@pytest.fixture
def recorded(monkeypatch):
    """Rows by solution of a run whose tasks failed as given: task -> (reason, solution's or campaign's name)."""
    rows: list[dict] = []
    monkeypatch.setattr(history, "append", lambda s3, bucket, prefix, run_id, new: rows.extend(new))
    monkeypatch.setattr(record_run, "draw_report", lambda *arguments: None)
    monkeypatch.setattr(record_run, "unused_of_group", lambda *arguments: [])

    def record(failed, params=None, **inputs):
        reasons = {
            task: {"task": task, "reason": reason, "label": label, "link": LOG + task}
            for task, (reason, label) in failed.items()
        }
        ti = SimpleNamespace(
            dag_id="d",
            run_id="r",
            log_url=f"{LOG}record",
            get_task_states=lambda dag_id, run_ids: {"r": dict.fromkeys(failed, "failed")},
            xcom_pull=lambda task_ids, map_indexes, key: reasons[task_ids],
            xcom_push=lambda key, value: None,
        )
        run = SimpleNamespace(
            run_after=datetime(2026, 3, 1, tzinfo=UTC), run_type="manual", bundle_version=None
        )
        operator = PersonalizeRecordRunOperator(
            task_id="record", group=GROUP, imports={}, exports={}, **{**dict.fromkeys(INPUTS), **inputs}
        )
        monkeypatch.setitem(vars(operator), "hook", SimpleNamespace(conn=None))
        monkeypatch.setattr(type(operator), "s3", None, raising=False)
        tasks = [SimpleNamespace(task_id=task, is_teardown=False) for task in failed]
        context = {"ti": ti, "dag_run": run, "params": params or {}, "dag": SimpleNamespace(tasks=tasks)}
        with pytest.raises(AirflowFailException) if failed else nullcontext():
            operator.execute(context)
        history.to_parquet(rows)  # columns that it has
        return {row["solution"]: row for row in rows}

    return record


def test_a_run_that_fails_before_there_are_versions_is_recorded_for_each_solution(recorded):
    plan = {"solutions": ["popular", "related"]}
    rows = recorded({"preflight": ("There is no bucket shop.", None)}, plan=plan)
    assert set(rows) == {"popular", "related"}
    for row in rows.values():
        assert row["outcome"] == "failed"
        assert row["reason"] == "preflight: There is no bucket shop."
        assert (row["failed_task"], row["link"]) == ("preflight", f"{LOG}preflight")
        assert row.get("solution_version_arn") is None


def test_a_denyd_form_is_recorded_for_the_solutions_that_it_chose(recorded):
    rows = recorded({"validate_parameters": ("Choose FULL.", None)}, params={"solutions": ["related"]})
    assert {name: row["reason"] for name, row in rows.items()} == {
        "related": "validate_parameters: Choose FULL."
    }


def test_each_solution_has_the_failure_of_its_own_task(recorded):
    failed = {"train": ("Too few users.", "related"), "campaign": ("The quota is used up.", "bestsellers")}
    rows = recorded(failed, plan={"solutions": ["popular", "related"]})
    assert {name: row["failed_task"] for name, row in rows.items()} == {
        "popular": "campaign",
        "related": "train",
    }


def test_a_failed_dry_run_is_not_recorded(recorded):
    assert recorded({"dry_run": ("No answer.", None)}, plan={"solutions": ["popular"], "dry_run": True}) == {}


def test_a_run_that_was_skipped_since_another_waits_is_not_recorded(recorded):
    assert recorded({}, plan={"solutions": ["popular"]}) == {}


def test_what_is_paid_for_and_not_used_is_recorded_and_no_run_fails_by_looking(recorded, monkeypatch):
    failed, plan = {"train": ("Too few users.", "related")}, {"solutions": ["related"]}
    monkeypatch.setattr(record_run, "unused_of_group", lambda conn_id, group: [f"{group}: an idle campaign"])
    assert json.loads(recorded(failed, plan=plan)["related"]["unused"]) == ["shop: an idle campaign"]

    def deny(*_):
        raise NotAllowedError("CloudWatch was not asked")

    monkeypatch.setattr(record_run, "unused_of_group", deny)
    assert json.loads(recorded(failed, plan=plan)["related"]["unused"]) == []
