"""A run within the budget goes on; one that would go over it asks, and ends where nobody approves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException

from encore import batch_costs, history
from encore.operators.budget import PersonalizeBudgetOperator

GROUP = {
    "name": "shop",
    "role": "R",
    "bucket": "shop",
    "approval_hours": 3,
    "datasets": {"interactions": {"schema": "x", "sql": "x"}},
    "solutions": [
        {"name": "you", "recipe": "aws-user-personalization-v2"},
        {"name": "near", "recipe": "aws-sims"},
    ],
}
DATA = {"bytes": 2_000_000_000, "rows": {"interactions": 5_000_000}}  # 0.10 USD, and 10.00 USD to train `you`


JOBS: list[dict] = []  # what batch jobs have cost


@pytest.fixture
def past(monkeypatch) -> list:
    rows: list = []
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


def budget(usd: float, solutions=("you",)) -> PersonalizeBudgetOperator:
    return PersonalizeBudgetOperator(
        task_id="budget",
        group={**GROUP, "monthly_budget_usd": usd},
        solutions=list(solutions),
        data_gate=DATA,
        subject="s",
        defaults="Reject",
    )


def run(**values) -> dict:
    row = {"solution": "you", "recorded_at": datetime.now(UTC), "outcome": "held", "cost_usd": 0.0}
    return {**row, "training_hours": None, **values}


def test_a_run_within_the_budget_asks_nobody(past, questions):
    result = budget(10.2).execute({})
    assert result == {"spent": 0.0, "expected": pytest.approx(10.1), "budget": 10.2, "asked": False}
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
    assert "and training near, whose hours nobody knows yet" in questions[0][0]


@pytest.mark.parametrize("option", ["Approve", "Reject"])
def test_only_an_approval_lets_the_run_go_on(past, option):
    event = {
        "chosen_options": [option],
        "params_input": {},
        "responded_at": datetime(2026, 3, 1, tzinfo=UTC),
        "responded_by_user": None,
        "timedout": False,
    }
    operator = budget(1)
    if option == "Approve":
        assert operator.execute_complete({}, event)["asked"] is True
        return
    with pytest.raises(AirflowFailException, match="nothing was imported or trained"):
        operator.execute_complete({}, event)
