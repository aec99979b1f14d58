"""A run within the budget goes on; one that would go over it asks, and ends where nobody approves: in every DAG."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from encore import batch_costs, cost, history
from encore.config import INCLUDE
from encore.operators.budget import (
    BudgetOperator,
    PersonalizeBatchBudgetOperator,
    PersonalizeRetrainingBudgetOperator,
)

GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "domain": "ECOMMERCE",
    "approval_hours": 3,
    "datasets": {"interactions": {"schema": "x", "sql": "x"}},
    "solutions": [
        {"name": "you", "recipe": "aws-user-personalization-v2"},
        {"name": "near", "recipe": "aws-sims"},
    ],
    "batch": {
        "jobs": [
            {"name": "mail", "solution": "near"},
            {"name": "mail2", "solution": "you"},
            {"name": "fans", "kind": "segments", "recipe": "aws-item-affinity"},
            {"name": "own", "recipe": "aws-user-personalization-v2"},
        ]
    },
}
DATA = {"bytes": 2_000_000_000, "rows": {"interactions": 5_000_000}}  # 0.10 USD, and 10.00 USD to train `you`
PRICES = cost.Prices.load(INCLUDE / "prices.json")
SET = {"recommender_hour": 0.5, "recommender_rps_hour": 0.25, "segment_thousand_users": 0.01}

JOBS: list[dict] = []  # what batch jobs have cost


@pytest.fixture
def past(monkeypatch) -> list:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    rows = [run(outcome="promoted", recorded_at=long_ago, solution=name) for name in ("you", "near")]
    monkeypatch.setattr(history, "read", lambda *_: rows)
    monkeypatch.setattr(batch_costs, "read", lambda *_: JOBS)
    JOBS.clear()
    return rows


@pytest.fixture
def questions(monkeypatch) -> list:
    """What a person was asked, and for how long."""
    bodies: list = []
    monkeypatch.setattr(
        hitl.HITLOperator,
        "execute",
        lambda self, context: bodies.append((self.body, self.response_timeout)),
    )
    return bodies


def budget(usd: float, names=("you",), data=DATA, **group) -> BudgetOperator:
    return PersonalizeRetrainingBudgetOperator(
        task_id="budget",
        group={**GROUP, **group, "monthly_budget_usd": usd},
        solutions=list(names),
        data_gate=data,
        subject="s",
        defaults="Reject",
    )


def batch_budget(usd: float, lines: dict[str, int | None], train: bool = False) -> BudgetOperator:
    return PersonalizeBatchBudgetOperator(
        task_id="budget",
        group={**GROUP, "monthly_budget_usd": usd},
        lines=lines,
        train=train,
        subject="s",
        defaults="Reject",
    )


def run(**values) -> dict:
    row = {"solution": "you", "recorded_at": datetime.now(UTC), "outcome": "held", "cost_usd": 0.0}
    return {**row, "training_hours": None, **values}


def test_a_run_within_the_budget_asks_nobody(past, questions):
    result = budget(10.2).execute({})
    assert result == {
        "spent": 0.0,
        "expected": pytest.approx(10.1),
        "budget": 10.2,
        "unknown": [],
        "asked": False,
    }
    assert questions == []


def test_what_the_month_has_cost_counts_and_what_the_last_one_has_does_not(past, questions):
    past.append(run(cost_usd=500.0, recorded_at=datetime.now(UTC) - timedelta(days=40)))
    assert budget(15).execute({})["asked"] is False
    past.append(run(cost_usd=5.0))
    budget(15).execute({})
    ((text, patience),) = questions
    assert text == "5.00 USD of this month's 15.00 are spent; this run costs about 10.10."
    assert patience == timedelta(hours=3)


def test_what_batch_jobs_have_cost_counts(past, questions):
    JOBS.append({"job": "mail", "recorded_at": datetime.now(UTC) - timedelta(days=40), "usd": 500.0})
    JOBS.append({"job": "fans", "recorded_at": datetime.now(UTC), "usd": None})
    assert budget(15).execute({})["asked"] is False
    JOBS.append({"job": "mail", "recorded_at": datetime.now(UTC), "usd": 6.0})
    budget(15).execute({})
    assert "6.00 USD of this month's 15.00 are spent" in questions[0][0]


def test_a_training_whose_hours_nobody_knows_is_named(past, questions):
    budget(0.05, ["near"]).execute({})
    assert "and training near, of which nobody knows the cost yet" in questions[0][0]


def test_what_has_no_price_in_the_list_is_named_and_never_costs_nothing(past, questions, monkeypatch):
    batch_budget(0.01, {"mail": 40_000, "fans": 3}).execute({})
    ((text, _),) = questions
    assert "this run costs about 2.68, and batch job fans, of which nobody knows the cost yet." in text


#: By kind of paid step: an operator under a budget, and what the step costs. Nothing else of the run costs.
NO_DATA = {"bytes": 0, "rows": {"interactions": 0}}
RECOMMENDER = {"name": "r", "recipe": "aws-ecomm-popular-items-by-views", "min_requests_per_second": 3}
PAID: dict[str, tuple[Callable[[float], BudgetOperator], float]] = {
    "import": (lambda usd: budget(usd, [], {"bytes": 10**9}), PRICES.ingested_gb),
    "training by interactions": (
        lambda usd: budget(usd, ["you"], {"rows": {"interactions": 10**6}}),
        1000 * PRICES.training_thousand_interactions,
    ),
    "training by hours": (lambda usd: budget(usd, ["near"], NO_DATA), 4 * PRICES.training_hour),
    "comparison of two versions": (
        lambda usd: budget(usd, ["you"], NO_DATA, comparison={"users": 1000}),
        2 * PRICES.batch_thousand_v2,
    ),
    "first day of a campaign": (
        lambda usd: budget(
            usd,
            ["new"],
            NO_DATA,
            solutions=[{"name": "new", "recipe": "aws-user-personalization-v2"}],
            batch=None,
        ),
        24 * PRICES.campaign_tps_hour_v2,
    ),
    "first day of a recommender": (
        lambda usd: budget(usd, [], NO_DATA, recommenders=[RECOMMENDER]),
        24 * (0.5 + 2 * 0.25),
    ),
    "batch recommendations": (lambda usd: batch_budget(usd, {"mail": 9_000}), 9 * PRICES.batch_thousand),
    "batch recommendations, priced as v2": (
        lambda usd: batch_budget(usd, {"mail2": 9_000}),
        9 * PRICES.batch_thousand_v2,
    ),
    "batch segments": (lambda usd: batch_budget(usd, {"fans": 7, "mail": None}), 7 * 8 * 0.01),
    "training of a job's own solution, by hours": (
        lambda usd: batch_budget(usd, {"fans": 0}, train=True),
        2 * PRICES.training_hour,
    ),
    "training of a job's own solution, by interactions": (
        lambda usd: batch_budget(usd, {"own": 0}, train=True),
        50 * PRICES.training_thousand_interactions,
    ),
}


@pytest.mark.parametrize("kind", PAID)
def test_every_kind_of_paid_step_asks_a_cent_over_the_budget_and_not_below_it(
    past, questions, monkeypatch, kind
):
    prices = cost.Prices(**{**vars(PRICES), **SET})
    monkeypatch.setattr(cost.Prices, "load", lambda *_: prices)
    past.append(run(solution="near", training_hours=4.0, rows={"users": 8_000, "interactions": 50_000}))
    JOBS.append({"job": "fans", "recorded_at": datetime.now(UTC), "usd": 0.0, "training_hours": 2.0})
    build, usd = PAID[kind]
    result: dict[str, Any] = build(usd + 0.01).execute({})
    assert result["asked"] is False
    assert result["expected"] == pytest.approx(usd)
    build(usd - 0.01).execute({})
    assert len(questions) == 1


def test_a_run_that_asks_nothing_of_any_job_is_not_asked_about(past, questions):
    with pytest.raises(AirflowSkipException):
        batch_budget(0.01, {"mail": None, "fans": None}).execute({})
    assert questions == []


@pytest.mark.parametrize("option", ["Approve", "Reject"])
@pytest.mark.parametrize("build", [lambda: budget(1), lambda: batch_budget(1, {"mail": 1})])
def test_only_an_approval_lets_the_run_go_on(past, option, build):
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime(2026, 3, 1, tzinfo=UTC),
        "responded_by_user": None,
        "timedout": False,
    }
    operator = build()
    if option == "Approve":
        assert operator.execute_complete({}, event)["asked"] is True
        return
    with pytest.raises(AirflowFailException, match="nothing that costs was begun"):
        operator.execute_complete({}, event)
