"""The page of a run."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from airflow_personalize.links import PersonalizeResourceLink
from encore.page import run_details
from encore.page.run_details import table_of
from encore.text_tables import as_markdown
from tests.encore.page.conftest import ARN, text_of
from tests.support.airflow_classes import classes_of
from tests.support.past_runs import past_runs
from tests.support.planted_run import plant_run

RUN = "/encore/groups/shop/runs/retrain_recommenders/"


@pytest.fixture
def whole_run(shop):
    shop.rows = past_runs(22)
    plant_run(shop.airflow, shop.rows[-1])
    return shop


def page_of_run(shop, run_id: str | None = None) -> str:
    answer = shop.airflow.page().get(RUN + (run_id or shop.rows[-1]["run_id"]).replace("+", "%2B"))
    assert answer.status_code == 200
    return answer.text


def test_each_version_is_shown_beside_what_it_was_compared_with_and_why(whole_run):
    text = text_of(page_of_run(whole_run))
    assert "you 0000001d held NDCG@25 0.1304 is below the live version's 0.2004 (tolerance 0.0376)." in text
    assert re.search(r"NDCG@25 the live version 0.1304 0.2004 -0.0700 0.0376", text)
    assert "related 0000001d promoted It is as good as the live version" in text


def test_a_comparison_on_the_same_users_answers_first_and_then_says_for_whom(whole_run):
    text = re.sub(r"\s+", " ", page_of_run(whole_run))
    start = text.index(">Better</span>")
    assert "Compared with the live version: better, NDCG@25" in text[start:]
    for name in ("all users", "light users", "heavy users", "novelty", "last-item neighbours", "2026-02-28"):
        assert name in text[start:], name
    assert text.count('role="img" aria-label="better"') >= 1
    assert " style=" not in text, "the page allows no styles of its own"


def test_the_data_is_told_with_what_was_rejected_and_what_changed(whole_run):
    text = text_of(page_of_run(whole_run))
    assert "271,400 interactions 5,237 users 2,130 items" in text
    assert "users 5,240 5,237 3 null_in_required (3)" in text
    assert "3 checks of the data, 1 failed" in text
    assert "nulls of users.segment 34% | usually 4% at most 14% FAILED" in text


def test_the_timeline_has_every_step_where_and_as_long_as_it_was(whole_run):
    html = page_of_run(whole_run)
    bars = dict(re.findall(r'tasks/([\w.%]+)(?:/mapped/0)?">.*?class="bar success" x="([\d.]+)"', html, re.S))
    assert float(bars["solution.train"]) == pytest.approx(1000 * 138 / 650, abs=0.1)
    assert "train you 7 min" in text_of(html)


def test_a_failed_step_says_why_what_to_do_and_where_to_look(shop):
    run = shop.airflow.add_run("manual__1", "failed")
    shop.airflow.add_task(run, "users.export", "failed")
    shop.airflow.add_task(run, "record", "failed", operator="PersonalizeRecordRunOperator")
    shop.airflow.xcoms["users.export", -1, "failure"] = {
        "task": "users.export",
        "reason": "The connection product_db refuses the password. Correct it under Admin, Connections.",
        "link": "",
        "label": None,
    }
    shop.airflow.xcoms["users.export", -1, PersonalizeResourceLink.key] = {
        "arn": f"{ARN}:dataset-group/shop",
        "dataset_group_arn": None,
    }
    html = page_of_run(shop, "manual__1")
    text = text_of(html)
    assert "users export failed The connection product_db refuses the password. Correct it under" in text
    assert "record failed" not in text, "it fails only to be cleared with the others"
    assert 'href="/dags/retrain_recommenders/runs/manual__1/tasks/users.export"' in html
    assert "console.aws.amazon.com/personalize" in html


def test_a_reason_that_was_cut_is_read_whole_from_the_log(shop):
    run = shop.airflow.add_run("manual__1", "failed")
    shop.airflow.add_task(run, "preflight", "failed", try_number=2)
    shop.airflow.xcoms["preflight", -1, "failure"] = {"reason": "Much is missing: the ..."}
    shop.airflow.logs["preflight", -1, 2] = [
        {"level": "error", "event": "x", "error_detail": [{"exc_value": "Much is missing: the bucket."}]}
    ]
    assert "Much is missing: the bucket." in text_of(page_of_run(shop, "manual__1"))


@pytest.mark.parametrize("until", ["validate_parameters", "users.export", "data_gate", "solution.gate"])
def test_a_run_is_told_as_far_as_it_has_come(shop, until):
    row = past_runs(1)[0]
    run = plant_run(shop.airflow, row, until)
    run["state"], run["end_date"] = "running", None
    assert "Run of 30 Jan 2026" in text_of(page_of_run(shop, row["run_id"]))


def test_a_run_that_goes_on_is_looked_at_anew(shop):
    shop.airflow.add_run("manual__1", "running")
    assert 'data-refresh="10"' in page_of_run(shop, "manual__1")
    assert "No step has begun yet." in text_of(page_of_run(shop, "manual__1"))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(10, r"40% of the usual 25 min, until about \d\d:\d\d UTC"), (40, "longer than the usual 25 min")],
)
def test_a_training_that_goes_on_says_how_far_it_is(shop, minutes, said):
    """The service says nothing of it: what the last one took is 1,500 seconds."""
    shop.rows = past_runs()
    begin = datetime.now(UTC) - timedelta(minutes=minutes)
    run = shop.airflow.add_run(
        "manual__1", "running", run_after=begin.isoformat(), start_date=begin.isoformat()
    )
    task = {"map_index": 1, "rendered_map_index": "you", "start_date": begin.isoformat(), "end_date": None}
    shop.airflow.add_task(run, "solution.train", "deferred", **task)
    shop.airflow.add_task(run, "solution.create", "success", **task)
    assert re.search(f"train you {minutes} min {said}", text_of(page_of_run(shop, "manual__1")))
    now = text_of(shop.airflow.page().get("/encore/groups/shop").text)
    assert re.search(rf"1 of 2 steps are done: train you \({said}\)\.", now)


def test_a_dry_run_shows_what_would_happen(shop):
    run = shop.airflow.add_run("manual__1")
    shop.airflow.add_task(run, "dry_run", operator="PersonalizeDryRunOperator")
    shop.airflow.xcoms["dry_run", -1, "return_value"] = {"lines": ["Import 3 days.", "Train you."]}
    assert "What would happen Import 3 days. Train you." in text_of(page_of_run(shop, "manual__1"))


def test_the_tab_of_a_run_leads_to_its_page(shop):
    shop.airflow.add_run("manual__2026-02-28T03:00:00+00:00")
    path = "/encore/dags/retrain_recommenders/runs/manual__2026-02-28T03%3A00%3A00%2B00%3A00"
    answer = shop.airflow.page().get(path)
    assert answer.status_code == 200
    assert "Run of 28 Feb 2026, 03:00 UTC" in text_of(answer.text)


def test_a_run_that_there_is_not_is_said_so(shop):
    answer = shop.airflow.page().get(RUN + "none")
    assert answer.status_code == 404
    assert "was not found" in text_of(answer.text)
    assert shop.airflow.page().get(RUN.replace("retrain", "their") + "none").status_code == 404


@pytest.mark.parametrize("cells", [("a | b", "\\|"), ("", "x|"), ("c", "d")])
def test_a_table_is_read_as_it_was_written(cells):
    assert table_of(as_markdown(("one", "two"), [cells, ("e", "f")])) == [list(cells), ["e", "f"]]


def test_the_operators_that_tell_of_a_run_exist():
    names = {cls.__name__ for cls in classes_of("encore.operators")} | {"SqlToPersonalizeDatasetOperator"}
    wanted = {
        getattr(run_details, name) for name in ("DATA_GATE", "GATE", "EXPORT", "RECORD", "DRY_RUN", "NOTIFY")
    }
    assert wanted <= names
