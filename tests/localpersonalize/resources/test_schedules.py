"""Schedules of automatic trainings."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.schedules import days


def test_a_week_unless_the_solution_says_otherwise() -> None:
    assert days({}) == 7
    assert days({"autoTrainingConfig": {"schedulingExpression": "rate(1 day)"}}) == 1


@pytest.mark.parametrize("text", ["rate(0 days)", "rate(31 days)", "cron(0 0 * * *)", "rate(1 hour)"])
def test_schedules_that_are_none(text: str) -> None:
    with pytest.raises(InvalidInputError, match="rate"):
        days({"autoTrainingConfig": {"schedulingExpression": text}})
