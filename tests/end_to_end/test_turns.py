"""Runs of one dataset group through the real scheduler: what only looks answers at once, what works takes turns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from tests.end_to_end.pipeline_stack import NDCG, RETRAIN, SHOP, PipelineStack, datasets, running_pipeline

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users"),
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count", "gate": {"metrics": {NDCG: {}}}}
            ],
            "notify": [{"type": "slack", "on": ["failed"]}],
        }
    ]
}


@pytest.fixture(scope="module")
def pipeline(slack) -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE, slack.environment) as pipeline:
        pipeline.export()
        yield pipeline


@pytest.fixture(scope="module")
def clean_up(pipeline) -> tuple[str, dict[str, Any]]:
    """The first retraining, and the clean-up that began as soon as the retraining had made a schema."""
    first = pipeline.start_run(RETRAIN)
    deadline = time.monotonic() + 300
    while not pipeline.aws("personalize").list_schemas()["schemas"]:
        assert time.monotonic() < deadline, pipeline.states(RETRAIN, first)
        time.sleep(0.2)
    clean = pipeline.start_run("clean_up")
    pipeline.must_be_good(pipeline.finish(RETRAIN, first))
    return first, pipeline.finish("clean_up", clean)


def test_a_clean_up_waits_for_the_retraining_beside_it_and_removes_nothing_that_it_made(pipeline, clean_up):
    first, clean = clean_up
    assert clean["state"] == "success", clean
    log = pipeline.log("clean_up", clean["dag_run_id"], "clean_up")
    assert f"Waiting for the end of the running {RETRAIN}" in log
    assert clean["end_date"] > pipeline.airflow.run(RETRAIN, first)["end_date"]
    schemas = {schema["name"] for schema in pipeline.aws("personalize").list_schemas()["schemas"]}
    assert len(schemas) == 2, "of interactions and of users"
    assert pipeline.serves("popular")
    # Unpausing has started nothing that nobody asked for.
    for dag_id in (RETRAIN, "clean_up"):
        runs = pipeline.airflow.get(f"/dags/{dag_id}/dagRuns")["dag_runs"]
        assert [run["run_type"] for run in runs] == ["manual"], dag_id


def test_an_open_question_holds_up_neither_dry_runs_nor_refusals_nor_the_next_retraining(
    pipeline, clean_up, slack
):
    live = pipeline.serves("popular")
    question = pipeline.start_run(RETRAIN, {"promote": "ask"})
    # While it trains: a dry run and a form that is refused are over long before it.
    dry = pipeline.run(RETRAIN, {"dry_run": True})
    refused = pipeline.run(RETRAIN, {"as_of": "2020-01-01", "import_mode": "INCREMENTAL"})
    following = pipeline.start_run(RETRAIN, {"promote": "promote"})
    assert dry["state"] == "success", dry
    assert refused["tasks"]["validate_parameters"] == "failed"
    assert "as_of=2020-01-01 with import_mode=INCREMENTAL" in slack.messages(1)[0]
    assert pipeline.airflow.run(RETRAIN, question)["state"] == "running"

    run = pipeline.must_be_good(pipeline.finish(RETRAIN, following))
    assert _task(pipeline, run["dag_run_id"], "wait_for_turn")["state"] == "success"
    newer = pipeline.serves("popular")
    assert newer != live
    assert pipeline.airflow.run(RETRAIN, question)["state"] == "running"
    assert not _worked_at_the_same_time(pipeline, question, following)
    log = pipeline.log(RETRAIN, following, "wait_for_turn")
    assert question in log

    # The answer to the old question does not undo what has gone live since.
    pipeline.answer(question, "Approve")
    assert pipeline.finish(RETRAIN, question)["state"] == "failed"
    assert pipeline.serves("popular") == newer
    assert "trigger rollback_campaign" in pipeline.log(RETRAIN, question, "solution.campaign", 0)


def test_dates_that_do_not_go_together_fail_at_once_and_who_wants_to_know_hears_why(pipeline, slack):
    heard = len(slack.messages(0))
    run = pipeline.run("export_interactions", {"from_date": "2026-01-01"})
    assert (run["state"], run["tasks"]["select_days"]) == ("failed", "failed")
    message = slack.messages(heard + 1)[-1]
    assert "shop: export_interactions failed" in message
    assert "Failed task: select_days\nfrom_date and to_date go together" in message
    assert "/dags/export_interactions/runs/" in message


def test_two_retrainings_that_begin_together_work_one_after_the_other_in_their_order(pipeline, clean_up):
    first, second = pipeline.start_run(RETRAIN), pipeline.start_run(RETRAIN)
    for run_id in (first, second):
        pipeline.must_be_good(pipeline.finish(RETRAIN, run_id))
    assert not _worked_at_the_same_time(pipeline, first, second)


def _task(pipeline: PipelineStack, run_id: str, task_id: str) -> dict[str, Any]:
    (task,) = (
        task for task in pipeline.airflow.task_instances(RETRAIN, run_id) if task["task_id"] == task_id
    )
    return task


def _worked_at_the_same_time(pipeline: PipelineStack, first: str, second: str) -> bool:
    """Whether exports, imports and trainings of two runs have overlapped."""
    ended = max(
        _moment(_task(pipeline, first, name)["end_date"]) for name in ("import_interactions", "data_gate")
    )
    trained = [
        task
        for task in pipeline.airflow.task_instances(RETRAIN, first)
        if task["task_id"] == "solution.train"
    ]
    ended = max([ended, *(_moment(task["end_date"]) for task in trained)])
    return _moment(_task(pipeline, second, "export_users")["start_date"]) < ended


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
