"""The end of a run: every solution that it was to train is in the history, with a version or without."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore import history
from encore.config import INCLUDE
from encore.cost import Prices
from encore.deployment.surroundings import NotAllowedError
from encore.operators import record_run
from encore.operators.record_run import PersonalizeRecordRunOperator
from encore.operators.wait_for_turn import PersonalizeWaitForTurnOperator

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
    results: list[dict] = []
    monkeypatch.setattr(history, "append", lambda s3, bucket, prefix, run_id, new: rows.extend(new))
    monkeypatch.setattr(record_run, "draw_report", lambda *arguments: None)
    monkeypatch.setattr(record_run, "unused_of_group", lambda *arguments: [])

    def record(
        failed, params=None, group=None, descriptions=None, run_type="manual", turn="success", **inputs
    ):
        reasons = {
            task: {"task": task, "reason": reason, "label": label, "link": LOG + task}
            for task, (reason, label) in failed.items()
        }
        ti = SimpleNamespace(
            dag_id="d",
            run_id="r",
            log_url=f"{LOG}record",
            get_task_states=lambda dag_id, run_ids: {"r": {"turn": turn, **dict.fromkeys(failed, "failed")}},
            xcom_pull=lambda task_ids, map_indexes, key: reasons[task_ids],
            xcom_push=lambda key, value: None,
        )
        run = SimpleNamespace(
            run_after=datetime(2026, 3, 1, tzinfo=UTC),
            start_date=datetime(2026, 3, 1, 3, tzinfo=UTC),
            run_type=run_type,
            bundle_version=None,
        )
        operator = PersonalizeRecordRunOperator(
            task_id="record",
            group=group or GROUP,
            imports={},
            exports={},
            **{**dict.fromkeys(INPUTS), **inputs},
        )
        monkeypatch.setitem(vars(operator), "hook", SimpleNamespace(conn=None))
        monkeypatch.setattr(type(operator), "s3", None, raising=False)
        monkeypatch.setattr(operator, "describe", lambda kind, recommenderArn: descriptions[recommenderArn])
        tasks = [SimpleNamespace(task_id=task, is_teardown=False) for task in failed]
        waits = PersonalizeWaitForTurnOperator(task_id="turn")
        dag = SimpleNamespace(tasks=[waits, *tasks])
        context = {"ti": ti, "dag_run": run, "params": params or {}, "dag": dag}
        with pytest.raises(AirflowFailException) if failed else nullcontext():
            results.append(operator.execute(context))
        history.to_parquet(rows)  # columns that it has
        return {row["solution"]: row for row in rows}

    record.results = results
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


def test_a_form_that_was_refused_is_recorded_for_the_solutions_that_it_chose(recorded):
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
    assert recorded({}, plan={"solutions": ["popular"]}, run_type="scheduled", turn="skipped") == {}


@pytest.mark.parametrize(
    ("run_type", "turn"), [("manual", "success"), ("manual", "skipped"), ("scheduled", "success")]
)
def test_a_run_whose_rest_a_person_has_skipped_is_recorded_with_what_to_do(recorded, run_type, turn):
    """Marked as failed between two tasks: nothing has failed, Airflow shows the run as succeeded."""
    row = recorded({}, plan={"solutions": ["popular"]}, run_type=run_type, turn=turn)["popular"]
    assert row["outcome"] == "failed"
    assert "no task has failed: what was left of it was skipped" in row["reason"]
    assert "Trigger it again" in row["reason"]


def test_what_is_paid_for_and_not_used_is_recorded_and_no_run_fails_by_looking(recorded, monkeypatch):
    failed, plan = {"train": ("Too few users.", "related")}, {"solutions": ["related"]}
    monkeypatch.setattr(record_run, "unused_of_group", lambda conn_id, group: [f"{group}: an idle campaign"])
    assert json.loads(recorded(failed, plan=plan)["related"]["unused"]) == ["shop: an idle campaign"]

    def deny(*_):
        raise NotAllowedError("CloudWatch was not asked")

    monkeypatch.setattr(record_run, "unused_of_group", deny)
    assert json.loads(recorded(failed, plan=plan)["related"]["unused"]) == []


DOMAIN = {
    **{name: value for name, value in GROUP.items() if name != "solutions"},
    "domain": "ECOMMERCE",
    "recommenders": [
        {"name": "top", "recipe": "aws-ecomm-popular-items-by-views", "min_requests_per_second": 2},
        {"name": "you", "recipe": "aws-ecomm-recommended-for-you"},
    ],
}
RESULTS = {name: {"arn": f"arn:{name}", "tasks": [f"recommender_{name}"]} for name in ("top", "you")}
DATA = {"bytes": 2_000_000_000, "rows": {"interactions": 9}}


def description_of(name: str, hour: int, status: str = "ACTIVE", **more) -> dict:
    created = datetime(2026, 3, 1, hour, tzinfo=UTC)
    return {"recommenderArn": f"arn:{name}", "status": status, "creationDateTime": created, **more}


def test_recommenders_alone_are_recorded_and_one_that_the_run_has_made_is_told_of(recorded, monkeypatch):
    prices = replace(Prices.load(INCLUDE / "prices.json"), recommender_hour=0.5, recommender_rps_hour=0.25)
    monkeypatch.setattr(Prices, "load", lambda *_: prices)
    metrics = {"coverage": 0.5}
    state = {
        "arn:top": description_of("top", 4, modelMetrics=metrics),
        "arn:you": description_of("you", 1, "INACTIVE"),
    }
    plan = {"solutions": []}
    rows = recorded({}, group=DOMAIN, descriptions=state, recommenders=RESULTS, plan=plan, data_gate=DATA)
    assert {name: row["outcome"] for name, row in rows.items()} == {"top": "promoted", "you": "held"}
    assert (rows["top"]["metrics"], rows["top"]["rows"]) == (metrics, {"interactions": 9})
    assert (rows["top"]["campaign_usd_a_day"], rows["you"]["campaign_usd_a_day"]) == (24 * 0.75, 0.0)
    assert rows["top"]["cost_usd"] + rows["you"]["cost_usd"] == pytest.approx(0.1)
    assert list(recorded.results[-1]["solutions"]) == ["top"]
    assert recorded.results[-1]["cost"]["usd"] == pytest.approx(0.1 + 24 * 0.75)


def test_a_recommender_that_could_not_be_kept_has_its_own_failure_and_the_other_is_recorded(recorded):
    state = {"arn:you": description_of("you", 1)}
    results = {**RESULTS, "top": {**RESULTS["top"], "arn": None}}
    failed = {"recommender_top": ("Too few interactions.", None)}
    rows = recorded(
        failed, group=DOMAIN, descriptions=state, recommenders=results, plan={"solutions": []}, data_gate=DATA
    )
    assert (rows["top"]["outcome"], rows["you"]["outcome"]) == ("failed", "promoted")
    assert rows["top"]["reason"] == "recommender_top: Too few interactions."
    assert rows["you"]["campaign_usd_a_day"] is None  # no price is known, which is not 0


@pytest.mark.parametrize(("run_type", "turn"), [("manual", "success"), ("scheduled", "success")])
def test_recommenders_of_a_run_that_a_person_has_ended_are_recorded_as_solutions_are(
    recorded, run_type, turn
):
    results = {name: {"arn": None, "tasks": [f"recommender_{name}"]} for name in ("top", "you")}
    ended = {"group": DOMAIN, "recommenders": results, "plan": {"solutions": []}}
    assert recorded({}, **ended, run_type="scheduled", turn="skipped") == {}, "it has given its turn away"
    rows = recorded({}, **ended, run_type=run_type, turn=turn)
    assert {row["outcome"] for row in rows.values()} == {"failed"}
    assert "no task has failed: what was left of it was skipped" in rows["you"]["reason"]
