"""Nights through the real scheduler: what is good goes live, what is not is held, asked about, stopped or put back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from tests.end_to_end.listening import Slack
from tests.end_to_end.nights import NDCG, RETRAIN, SHOP, Nights, datasets, running_nights

PIPELINE: dict[str, Any] = {
    "dataset_groups": [
        {
            **SHOP,
            "datasets": datasets("interactions", "users", "items"),
            "solutions": [
                {"name": "popular", "recipe": "aws-popularity-count",
                 "gate": {"metrics": {NDCG: {"tolerance": 0}}, "worse_than_live": "ask"}},
                {"name": "related", "recipe": "aws-sims",
                 "gate": {"metrics": {NDCG: {"tolerance": 0}}, "worse_than_live": "hold"}},
            ],
        },
        {
            "name": "books", "role": "EncoreBooksRole",
            "bucket": "encore-books", "product_db": "no_such_database",
            "datasets": datasets("interactions", "users"),
            "solutions": [{"name": "bestsellers", "recipe": "aws-popularity-count"}],
            "deadline_hours": 0.002, "notify": [{"type": "slack", "on": ["late"]}],
        },
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@pytest.fixture(scope="module")
def nights(told) -> Iterator[Nights]:
    with running_nights(PIPELINE, told.environment) as there:
        there.sql("CREATE TABLE kept AS SELECT id, product_id FROM events")
        there.export()
        yield there


@pytest.fixture(scope="module")
def first_night(nights) -> dict[str, str]:
    """The versions that the first night has put live."""
    nights.good()
    return {name: nights.serves(name) for name in ("popular", "related")}


@pytest.fixture
def tastes_lost(nights, first_night) -> Iterator[None]:
    """Data of the usual size in which everybody takes anything: honest models of it are worse."""
    nights.sql("UPDATE events SET product_id = 1 + floor(random() * 240) WHERE product_id IS NOT NULL")
    nights.export()
    yield
    nights.sql("UPDATE events SET product_id = kept.product_id FROM kept WHERE kept.id = events.id")
    nights.export()


def test_the_first_night_is_recorded_with_its_report(nights, first_night):
    from encore import history

    rows = history.read(nights.aws("s3"), "encore-shop", "shop")
    assert {row["solution"]: row["solution_version_arn"] for row in rows} == first_night
    assert {row["outcome"] for row in rows} == {"promoted"}
    assert all(
        row["rows"]["interactions"] > 1000 and row["held_out_users"] and row["code_version"] for row in rows
    )
    report = nights.aws("s3").get_object(Bucket="encore-shop", Key="shop/history/report.html")["Body"].read()
    assert b"related" in report
    shown = nights.airflow.http.get("/encore/report/retrain_recommenders")
    assert shown.content == report
    stranger = httpx.get(f"{nights.settings.airflow_url}/encore/report/retrain_recommenders", trust_env=False)
    assert stranger.status_code == 401


def test_an_earlier_version_is_put_back_by_hand(nights, first_night):
    before = nights.serves("popular")
    nights.good({"solutions": ["popular"], "promote": "promote"})
    assert nights.serves("popular") != before
    run = nights.run("rollback_campaign", {"campaign": "popular", "version": before.split("/")[-1]})
    assert run["state"] == "success", run
    assert nights.serves("popular") == before


def test_a_worse_model_is_held_or_asked_about_and_each_answer_does_what_it_says(
    nights, first_night, tastes_lost
):
    run_id = nights.start_run(RETRAIN)
    shown = nights.answer(run_id, "Reject")
    run = nights.must_be_good(nights.finish(RETRAIN, run_id))
    assert "below the live version's" in shown
    assert NDCG in shown
    assert run["tasks"]["refresh.held[1]"] == "success"
    assert {run["tasks"][f"refresh.campaign[{number}]"] for number in (0, 1)} == {"skipped"}
    assert {name: nights.serves(name) for name in first_night} == first_night

    run_id = nights.start_run(RETRAIN, {"solutions": ["popular"]})
    nights.answer(run_id, "Approve")
    run = nights.must_be_good(nights.finish(RETRAIN, run_id))
    assert nights.serves("popular") != first_night["popular"]
    assert nights.serves("related") == first_night["related"]
    assert "refresh.train[1]" not in run["tasks"], "a solution was trained that was not chosen"


def test_a_campaign_that_fails_its_check_is_rolled_back_and_still_answers(nights, first_night):
    before = nights.serves("related")
    impatient = yaml.safe_load(nights.file.read_text())
    impatient["dataset_groups"][0]["solutions"][1]["campaign"] = {"check": {"max_milliseconds": 0.0001}}
    try:
        nights.file.write_text(yaml.safe_dump(impatient))
        run = nights.run(RETRAIN, {"solutions": ["related"], "promote": "promote"})
    finally:
        nights.file.write_text(yaml.safe_dump(PIPELINE))
    assert run["state"] == "failed"
    assert run["tasks"]["refresh.campaign[0]"] == "success"
    assert run["tasks"]["refresh.verify[0]"] == "failed"
    assert nights.serves("related") == before
    log = nights.log(RETRAIN, run["dag_run_id"], "refresh.verify", 0)
    assert "ms to answer" in log
    assert "It is back at" in log


def test_a_third_of_the_usual_rows_stops_before_the_import(nights, first_night):
    imports = len(nights.store()["dataset_import_jobs"]["datasetImportJobs"])
    nights.sql(
        "CREATE TABLE lost AS SELECT * FROM events WHERE id % 3 > 0", "DELETE FROM events WHERE id % 3 > 0"
    )
    nights.export()
    try:
        run = nights.run(RETRAIN)
    finally:
        nights.sql("INSERT INTO events SELECT * FROM lost", "DROP TABLE lost")
        nights.export()
    assert run["state"] == "failed"
    assert run["tasks"]["data_gate"] == "failed"
    assert run["tasks"]["import_interactions"] == "upstream_failed"
    assert "rows of interactions is" in nights.log(RETRAIN, run["dag_run_id"], "data_gate")
    assert len(nights.store()["dataset_import_jobs"]["datasetImportJobs"]) == imports


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(nights, first_night):
    before = nights.store()
    run = nights.good({"dry_run": True})
    assert nights.store() == before
    said = "\n".join(nights.airflow.xcom(RETRAIN, run["dag_run_id"], "dry_run")["lines"])
    assert f"campaign related serves {nights.serves('related')}" in said
    assert "USD" in said


def test_choices_that_do_not_go_together_are_refused_by_name_when_the_run_starts(nights, first_night):
    run = nights.run(
        RETRAIN, {"training_mode": "UPDATE", "import_mode": "INCREMENTAL", "as_of": "2020-01-01"}
    )
    assert run["state"] == "failed"
    log = nights.log(RETRAIN, run["dag_run_id"], "read_form")
    assert "training_mode=UPDATE" in log
    assert "as_of=2020-01-01 with import_mode=INCREMENTAL" in log
    assert set(run["tasks"].values()) <= {"failed", "upstream_failed", "success"}


def test_another_group_fails_alone_and_is_told_of_while_it_is_late(nights, first_night, told):
    broken = nights.start_run("retrain_recommenders_books")
    nights.good({"solutions": ["popular"], "promote": "promote"})
    assert nights.finish("retrain_recommenders_books", broken)["state"] == "failed"
    assert nights.serves("popular")
    (message,) = told.messages(1)
    assert "books: the night is late" in message
    assert broken in message
