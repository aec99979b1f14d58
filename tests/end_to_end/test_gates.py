"""Runs through the real scheduler: what is good goes live, what is not is held, asked about, stopped or put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml

from encore import history
from tests.end_to_end.pipeline_stack import NDCG, RETRAIN, SHOP, PipelineStack, datasets, running_pipeline

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users", "items"),
            "solutions": [
                {
                    "name": "popular",
                    "recipe": "aws-popularity-count",
                    "gate": {"metrics": {NDCG: {"tolerance": 0}}, "worse_than_live": "ask"},
                },
                {
                    "name": "related",
                    "recipe": "aws-sims",
                    "gate": {"metrics": {NDCG: {"tolerance": 0}}, "worse_than_live": "hold"},
                },
            ],
        },
        {
            "name": "books",
            "role": "EncoreBooksRole",
            "bucket": "encore-books",
            "product_db": "no_such_database",
            "datasets": datasets("interactions", "users"),
            "solutions": [{"name": "bestsellers", "recipe": "aws-popularity-count"}],
            "deadline_hours": 0.002,
            "notify": [{"type": "slack", "on": ["late"]}],
        },
    ]
}


@pytest.fixture(scope="module")
def pipeline(slack) -> Iterator[PipelineStack]:
    with running_pipeline(PIPELINE, slack.environment) as pipeline:
        pipeline.sql("CREATE TABLE kept AS SELECT id, product_id FROM events")
        pipeline.export()
        yield pipeline


@pytest.fixture(scope="module")
def first_run(pipeline) -> dict[str, str]:
    """The versions that the first run has put live."""
    pipeline.good()
    return {name: pipeline.serves(name) for name in ("popular", "related")}


@pytest.fixture
def tastes_lost(pipeline, first_run) -> Iterator[None]:
    """Data of the usual size in which everybody takes anything, and at the end what hardly anybody has taken.

    Honest models of it are worse, whatever the draw: a version is measured by the last tenth of each user's events.
    """
    pipeline.sql(
        "UPDATE events SET product_id = 1 + floor(random() * 120) + CASE WHEN late.share > 0.8 THEN 120 ELSE 0 END"
        " FROM (SELECT id, percent_rank() OVER (PARTITION BY customer_id ORDER BY happened_at) AS share FROM events)"
        " AS late WHERE late.id = events.id AND product_id IS NOT NULL"
    )
    pipeline.export()
    yield
    pipeline.sql("UPDATE events SET product_id = kept.product_id FROM kept WHERE kept.id = events.id")
    pipeline.export()


def test_the_first_run_is_recorded_with_its_report(pipeline, first_run):
    rows = history.read(pipeline.aws("s3"), "encore-shop", "shop")
    assert {row["solution"]: row["solution_version_arn"] for row in rows} == first_run
    assert {row["outcome"] for row in rows} == {"promoted"}
    assert all(
        row["rows"]["interactions"] > 1000 and row["held_out_users"] and row["code_version"] for row in rows
    )
    report = (
        pipeline.aws("s3").get_object(Bucket="encore-shop", Key="shop/history/report.html")["Body"].read()
    )
    assert b"related" in report
    page = pipeline.airflow.http.get("/encore/groups/shop/report")
    assert page.content == report
    stranger = httpx.get(f"{pipeline.settings.airflow_url}/encore/groups/shop/report", trust_env=False)
    assert stranger.status_code == 401


def test_an_earlier_version_is_put_back_by_hand(pipeline, first_run):
    before = pipeline.serves("popular")
    pipeline.good({"solutions": ["popular"], "promote": "promote"})
    assert pipeline.serves("popular") != before
    run = pipeline.run("rollback_campaign", {"campaign": "popular", "version": before.split("/")[-1]})
    assert run["state"] == "success", run
    assert pipeline.serves("popular") == before


def test_a_worse_model_is_held_or_asked_about_and_each_answer_does_what_it_says(
    pipeline, first_run, tastes_lost
):
    run_id = pipeline.start_run(RETRAIN)
    question = pipeline.answer(run_id, "Reject")
    run = pipeline.must_be_good(pipeline.finish(RETRAIN, run_id))
    assert "below the live version's" in question
    assert NDCG in question
    assert run["tasks"]["solution.held[1]"] == "success"
    assert {run["tasks"][f"solution.campaign[{number}]"] for number in (0, 1)} == {"skipped"}
    assert {name: pipeline.serves(name) for name in first_run} == first_run

    run_id = pipeline.start_run(RETRAIN, {"solutions": ["popular"]})
    pipeline.answer(run_id, "Approve")
    run = pipeline.must_be_good(pipeline.finish(RETRAIN, run_id))
    assert pipeline.serves("popular") != first_run["popular"]
    assert pipeline.serves("related") == first_run["related"]
    assert "solution.train[1]" not in run["tasks"], "a solution was trained that was not chosen"


def test_a_campaign_that_fails_its_check_is_rolled_back_and_still_answers(pipeline, first_run):
    before = pipeline.serves("related")
    impatient = yaml.safe_load(pipeline.file.read_text())
    impatient["dataset_groups"][0]["solutions"][1]["campaign"] = {"check": {"max_milliseconds": 0.0001}}
    try:
        pipeline.file.write_text(yaml.safe_dump(impatient))
        run = pipeline.run(RETRAIN, {"solutions": ["related"], "promote": "promote"})
    finally:
        pipeline.file.write_text(yaml.safe_dump(PIPELINE))
    assert run["state"] == "failed"
    assert run["tasks"]["solution.campaign[0]"] == "success"
    assert run["tasks"]["solution.verify[0]"] == "failed"
    assert pipeline.serves("related") == before
    log = pipeline.log(RETRAIN, run["dag_run_id"], "solution.verify", 0)
    assert "ms to answer" in log
    assert "It is back at" in log


def test_a_third_of_the_usual_rows_stops_before_the_import(pipeline, first_run):
    imports = len(pipeline.store()["dataset_import_jobs"]["datasetImportJobs"])
    pipeline.sql(
        "CREATE TABLE lost AS SELECT * FROM events WHERE id % 3 > 0", "DELETE FROM events WHERE id % 3 > 0"
    )
    pipeline.export()
    try:
        run = pipeline.run(RETRAIN)
    finally:
        pipeline.sql("INSERT INTO events SELECT * FROM lost", "DROP TABLE lost")
        pipeline.export()
    assert run["state"] == "failed"
    assert run["tasks"]["data_gate"] == "failed"
    assert run["tasks"]["import_interactions"] == "upstream_failed"
    assert "rows of interactions is" in pipeline.log(RETRAIN, run["dag_run_id"], "data_gate")
    assert len(pipeline.store()["dataset_import_jobs"]["datasetImportJobs"]) == imports


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(pipeline, first_run):
    before = pipeline.store()
    run = pipeline.good({"dry_run": True})
    assert pipeline.store() == before
    said = "\n".join(pipeline.airflow.xcom(RETRAIN, run["dag_run_id"], "dry_run")["lines"])
    assert f"campaign related serves {pipeline.serves('related')}" in said
    assert "USD" in said


def test_choices_that_do_not_go_together_are_refused_by_name_when_the_run_starts(pipeline, first_run):
    run = pipeline.run(
        RETRAIN, {"training_mode": "UPDATE", "import_mode": "INCREMENTAL", "as_of": "2020-01-01"}
    )
    assert run["state"] == "failed"
    log = pipeline.log(RETRAIN, run["dag_run_id"], "validate_parameters")
    assert "training_mode=UPDATE" in log
    assert "as_of=2020-01-01 with import_mode=INCREMENTAL" in log
    assert set(run["tasks"].values()) <= {"failed", "upstream_failed", "success"}
    rows = [
        row
        for row in history.read(pipeline.aws("s3"), "encore-shop", "shop")
        if row["run_id"] == run["dag_run_id"]
    ]
    assert {row["solution"] for row in rows} == {"popular", "related"}
    for row in rows:
        assert (row["outcome"], row["failed_task"]) == ("failed", "validate_parameters")
        assert "training_mode=UPDATE" in row["reason"]
        assert f"/runs/{quote(run['dag_run_id'])}/tasks/validate_parameters" in row["link"]


def test_another_group_fails_alone_and_is_notified_of_while_it_is_late(pipeline, first_run, slack):
    broken = pipeline.start_run("retrain_recommenders_books")
    pipeline.good({"solutions": ["popular"], "promote": "promote"})
    assert pipeline.finish("retrain_recommenders_books", broken)["state"] == "failed"
    assert pipeline.serves("popular")
    (message,) = slack.messages(1)
    assert "books: the run is late" in message
    assert broken in message
