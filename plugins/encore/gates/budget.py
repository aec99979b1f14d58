"""Whether a run stays within the month's budget, judged before its first paid step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from encore import cost
from encore.config.models import DatasetGroup


@dataclass(frozen=True)
class BudgetDecision:
    """In USD: what the month has cost so far, what the run is expected to cost, and the budget.

    :param unknown: what of the run has no price before it was done once
    """

    spent: float
    expected: float
    budget: float
    unknown: Sequence[str]

    @property
    def is_over(self) -> bool:
        return self.spent + self.expected > self.budget

    @property
    def text(self) -> str:
        more = f", and {', '.join(self.unknown)}, whose hours nobody knows yet" if self.unknown else ""
        return (
            f"{self.spent:,.2f} USD of this month's {self.budget:,.2f} are spent; this run costs about"
            f" {self.expected:,.2f}{more}."
        )


def judge(
    group: DatasetGroup,
    budget: float,
    prices: cost.Prices,
    past: Sequence[Mapping[str, Any]],
    data: Mapping[str, Any],
    solutions: Sequence[str],
    today: date,
    batch: Sequence[Mapping[str, Any]] = (),
) -> BudgetDecision:
    """The run's import and trainings, on top of the month's runs, batch jobs, and campaigns until today.

    :param past: the history, oldest first
    :param batch: what batch jobs have cost
    :param data: what the data gate has returned: `bytes`, and `rows` by dataset
    """
    trainings = [
        cost.Training(name, group.solution(name).recipe, cost.usual_hours(past, name), tps=0)
        for name in solutions
    ]
    interactions = (data.get("rows") or {}).get("interactions") or 0
    estimate = cost.estimate(prices, data.get("bytes") or 0, interactions, trainings)
    spent = cost.of_month(past, today, batch).usd
    return BudgetDecision(spent, estimate.usd, budget, estimate.unknown)
