"""Recommenders on the page of their group, as a reader gets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import yaml
from botocore.exceptions import EndpointConnectionError

from encore.cost import Prices
from encore.page import service
from tests.encore.page.conftest import text_of
from tests.support.past_runs import NDCG
from tests.support.recommenders import UNUSED, USE_CASES, pipeline_file, recommender_runs

PAGE = "/encore/groups/shop"


@pytest.fixture
def domain(shop, tmp_path, monkeypatch):
    """Three recommenders that are active, found so by thirty runs."""
    file = tmp_path / "domain.yaml"
    file.write_text(yaml.safe_dump(pipeline_file()))
    monkeypatch.setenv("ENCORE_PIPELINE", str(file))
    shop.rows = recommender_runs()
    for name in USE_CASES:
        newest = [row for row in shop.rows if row["solution"] == name][-1]
        shop.service.add_recommender(name, modelMetrics=newest["metrics"])
    return shop


def card(shop, name: str, path: str = PAGE) -> str:
    """What the page says of a recommender."""
    page = shop.airflow.page().get(path)
    assert page.status_code == 200, page.text
    cards = page.text.split('<li class="card ')[1:]
    return text_of(next(entry for entry in cards if f"<h3>{name} " in entry).split("</li>\n")[0])


def prices(monkeypatch, **known: float) -> None:
    listed = replace(Prices.load(), **known)
    monkeypatch.setattr(Prices, "load", lambda: listed)


def test_each_is_shown_with_its_use_case_its_metric_and_what_it_is_provisioned_for(domain):
    domain.service.add_recommender("for-you", requests=5, modelMetrics={NDCG: 0.168, "coverage": 0.5})
    text = card(domain, "for-you")
    assert "for-you active Recommender: aws-ecomm-recommended-for-you 0.1680 NDCG@25" in text
    assert "Provisioned for 5 requests a second; last changed 28 Feb 2026, 03:12 UTC" in text


def test_the_last_training_is_when_its_metrics_changed(domain):
    """The service says of no recommender when it trained it."""
    text = card(domain, "top")
    assert "it has had these metrics since the run of 27 Feb 2026, 03:00 UTC" in text
    assert "It is 4% better than before the service trained it anew (0.1140)" in text


@pytest.mark.parametrize(
    ("status", "word", "text"),
    [
        ("CREATE PENDING", "being made", "It answers nothing until that is over."),
        ("CREATE IN_PROGRESS", "being made", "It answers nothing until that is over."),
        ("CREATE FAILED", "failed", "It answers nothing. There is too little data."),
        (
            "INACTIVE",
            "stopped",
            "It answers nothing, keeps its model and is not paid for; last changed 28 Feb",
        ),
        ("STOP PENDING", "being stopped", "until that is over"),
        ("START IN_PROGRESS", "being started", "until that is over"),
        ("DELETE PENDING", "being deleted", "until that is over"),
        ("ACTIVE", "active", "Provisioned for 1 request a second"),
    ],
)
def test_every_status_of_the_service_has_its_words(domain, status, word, text):
    failure = {"failureReason": "There is too little data."} if "FAILED" in status else {}
    domain.service.add_recommender("top", status, **failure)
    seen = card(domain, "top")
    assert f"top {word} " in seen
    assert text in seen
    assert ("Price unknown" in seen) == (status == "ACTIVE")


def test_one_that_the_service_does_not_have_is_not_made_yet(domain):
    domain.service.recommenders.clear()
    assert "top not made yet" in card(domain, "top")


def test_another_groups_recommender_is_not_taken_for_ours(domain):
    domain.service.add_recommender(
        "top", datasetGroupArn="arn:aws:personalize:us-east-1:123456789012:dataset-group/other"
    )
    assert "top not made yet" in card(domain, "top")


def test_an_update_under_way_and_one_that_failed_are_said(domain):
    domain.service.add_recommender("top", latestRecommenderUpdate={"status": "CREATE IN_PROGRESS"})
    assert "An update is under way." in card(domain, "top")
    failed = {"status": "CREATE FAILED", "failureReason": "No such column."}
    domain.service.add_recommender("top", latestRecommenderUpdate=failed)
    text = card(domain, "top")
    assert "No such column." in text
    assert "under way" not in text


def test_a_price_that_is_not_known_is_said_with_what_to_fill_in(domain):
    assert "Price unknown: recommender_hour of prices.json is empty." in card(domain, "top")
    domain.service.add_recommender("top", requests=2)
    assert "Price unknown: recommender_hour and recommender_rps_hour of prices.json are empty." in card(
        domain, "top"
    )


def test_a_known_price_is_a_days(domain, monkeypatch):
    prices(monkeypatch, recommender_hour=0.5)
    assert "12.00 USD a day at list prices, asked or not." in card(domain, "top")
    domain.service.add_recommender("top", requests=3)
    assert "Price unknown: recommender_rps_hour of prices.json is empty." in card(domain, "top")


def test_the_month_says_whose_price_it_does_not_have(domain):
    today = datetime.now(UTC)
    for usd, text in (
        (None, " and what bought-together, for-you, top cost: the price is not known"),
        (12.0, f"Cost of this month {3 * 0.1 + 3 * 12 * 1:.2f} USD List prices"),
    ):
        domain.rows = [row | {"recorded_at": today} for row in recommender_runs(1, usd=usd)]
        assert text in text_of(domain.airflow.page().get(PAGE).text)


def test_what_the_last_run_found_paid_for_and_not_used_is_listed(domain):
    text = text_of(domain.airflow.page().get(PAGE).text)
    for line in UNUSED:
        assert line in text
    domain.rows = [row | {"unused": "[]"} for row in domain.rows]
    assert "Paid for and not used" not in text_of(domain.airflow.page().get(PAGE).text)


def test_a_run_that_finds_one_stopped_is_not_held_by_it(domain):
    domain.rows = recommender_runs(1, outcomes={"top": "held"})
    page = domain.airflow.page()
    text = text_of(page.get(PAGE).text)
    assert (
        "active top stopped: It answers nothing, and is not paid for. for-you, bought-together active: "
        in text
    )
    assert "held" not in text
    domain.rows = recommender_runs(1, outcomes=dict.fromkeys(USE_CASES, "held"))
    assert "stopped top, for-you, bought-together stopped: It answers nothing" in text_of(page.get(PAGE).text)
    assert "stopped" in text_of(page.get("/encore/?choose=true").text)


def test_why_a_run_could_not_see_to_one_is_said(domain):
    domain.rows = recommender_runs(1, outcomes={"top": "failed"})
    assert "could not see to it: recommender_top: ResourceNotFoundException" in card(domain, "top")
    assert "failed top failed: recommender_top:" in text_of(domain.airflow.page().get(PAGE).text)


def test_a_run_says_what_became_of_recommenders_beside_solutions(domain):
    row = domain.rows[-1]
    domain.airflow.add_run(row["run_id"], run_after=row["recorded_at"].isoformat())
    text = text_of(domain.airflow.page().get(f"{PAGE}/runs/retrain_recommenders/{row['run_id']}").text)
    assert "active" in text
    assert "top, for-you, bought-together active: Trained and served by the service." in text


def test_without_the_service_the_history_has_to_do(domain, monkeypatch):
    def down(group):
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(service, "personalize", down)
    domain.rows = recommender_runs(2, outcomes={"top": "held"})
    assert "top stopped" in card(domain, "top")
    assert "for-you active" in card(domain, "for-you")
    domain.rows = []
    assert "Neither the service nor the history says how it is." in card(domain, "top")


def test_a_first_visit_says_what_the_first_run_makes(domain):
    domain.rows = []
    domain.service.recommenders.clear()
    text = text_of(domain.airflow.page().get(PAGE).text)
    assert "exports, imports and makes every recommender" in text


def test_their_metrics_have_charts_and_no_word_of_gates(domain):
    text = text_of(domain.airflow.page().get(f"{PAGE}/metrics").text)
    assert "bought-together: NDCG@25" in text
    assert "promoted" not in text
    assert "held" not in text
