"""The estimate of a run's cost."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from encore import cost
from encore.config import INCLUDE
from encore.cost import Prices, Training, campaign_day, estimate, spent, usual_hours

PRICES = Prices("2026-01-01", "nowhere", "us-east-1", 0.05, 0.24, 0.002, 0.2, 0.54, 0.067, 0.15)


def test_ingestion_training_and_a_day_of_campaigns_are_added():
    trainings = [
        Training("related", "aws-sims", 2.5, tps=2),
        Training("you", "aws-user-personalization-v2", None, tps=1),
        Training("nobody", "aws-user-personalization-v2", None, tps=0),
    ]
    result = estimate(PRICES, 2_000_000_000, 5_000_000, trainings)
    assert math.isclose(result.usd, 2 * 0.05 + 2.5 * 0.24 + 2 * 5_000 * 0.002 + 24 * (2 * 0.2 + 0.54))
    assert not result.unknown


def test_hours_that_nobody_knows_yet_are_said_to_be_unknown():
    result = estimate(PRICES, 0, 0, [Training("related", "aws-sims", None)])
    assert result.unknown == ["training related"]
    assert "+ ?" in result.as_text()


def test_the_last_training_tells_the_hours_of_the_next():
    past = [
        {"solution": "a", "training_hours": 1.0},
        {"solution": "b", "training_hours": 9.0},
        {"solution": "a", "training_hours": 2.0},
        {"solution": "a", "training_hours": None},
    ]
    assert usual_hours(past, "a") == 2.0
    assert usual_hours(past, "c") is None


def test_the_price_list_says_from_when_and_where_it_is():
    prices = Prices.load(INCLUDE / "prices.json")
    assert prices.as_of
    assert prices.source.startswith("https://")
    assert "prices as of: " + prices.as_of in estimate(prices, 1, 1, []).as_text()


def test_a_day_of_a_campaign_is_spent_once_however_many_runs_the_day_has():
    day = campaign_day(PRICES, Training("you", "aws-user-personalization-v2", None, tps=1)).usd
    assert math.isclose(day, 24 * 0.54)
    rows = [
        {
            "solution": solution,
            "recorded_at": datetime(2026, 3, 1 + number // 8, number % 8, tzinfo=UTC),
            "cost_usd": 0.5,
            "campaign_usd_a_day": day,
        }
        for solution in ("you", "related")
        for number in range(16)
    ]
    assert math.isclose(spent(rows), 32 * 0.5 + 2 * 2 * day)
    assert spent([]) == 0
    before = {"solution": "you", "recorded_at": datetime(2026, 1, 1, tzinfo=UTC), "cost_usd": 2.0}
    assert spent([before]) == 2.0  # recorded when a run's cost had its campaign in it


def test_a_comparison_costs_what_its_batch_jobs_answer():
    compared = cost.compared_lines("aws-user-personalization", 1000, 2)
    with_it = cost.estimate(
        PRICES, 0, 0, [cost.Training("you", "aws-user-personalization", 1.0, 0, compared)]
    )
    without = cost.estimate(PRICES, 0, 0, [cost.Training("you", "aws-user-personalization", 1.0, 0)])
    assert with_it.usd - without.usd == pytest.approx(2 * 0.067)
    assert "comparison you" in with_it.as_text()
    assert cost.compared_lines("aws-trending-now", 1000, 2) == 0


NOW = date(2026, 3, 20)


def _row(day: int, usd: float | None, outcome: str = "promoted", month: int = 3, **values) -> dict:
    recorded = datetime(2026, month, day, 4, tzinfo=UTC)
    row = {"solution": "top", "recipe": "aws-ecomm-popular-items-by-views", "cost_usd": 0.0}
    return {**row, "recorded_at": recorded, "outcome": outcome, "campaign_usd_a_day": usd, **values}


def test_a_month_has_each_day_at_the_rate_of_the_newest_run_by_then():
    past = [_row(9, 7.0, "held", month=1), _row(10, 2.0, month=2), _row(11, 3.0), _row(16, 0.0)]
    assert cost.of_month(past, NOW).campaigns == 10 * 2.0 + 5 * 3.0
    assert cost.of_month(past[:3], NOW).campaigns == 10 * 2.0 + 10 * 3.0
    assert cost.of_month([_row(20, 2.0), _row(20, 4.0)], NOW).campaigns == 4.0


def test_what_has_no_known_price_is_named_instead_of_costing_nothing():
    jobs = [{"job": "fans", "recorded_at": datetime(2026, 3, 1, tzinfo=UTC), "usd": None}]
    month = cost.of_month([_row(10, None)], NOW, jobs)
    assert (month.usd, month.unknown) == (0.0, ["fans", "top"])
    assert cost.of_month([_row(10, None), _row(11, 2.0)], NOW).unknown == []
    assert (
        cost.of_month([_row(10, None, recipe="aws-sims")], NOW).unknown == []
    )  # of a time before that column


@pytest.mark.parametrize(("requests", "hour"), [(1, 0.5), (4, 0.5 + 3 * 0.25)])
def test_a_recommender_costs_by_the_hour_and_by_what_it_is_provisioned_for(requests, hour):
    prices = replace(PRICES, recommender_hour=0.5, recommender_rps_hour=0.25)
    assert cost.recommender_day(prices, "top", requests).usd == 24 * hour
    assert cost.recommender_day(PRICES, "top", requests).usd is None
    assert cost.recommender_day(PRICES, "top", requests).price == "price unknown"
