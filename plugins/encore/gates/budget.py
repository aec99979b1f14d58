"""Whether a run stays within the month's budget, judged before its first paid step; and what each kind of run costs."""

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

    :param unknown: what of the run has no price before it was done once, or none in the price list
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
        more = f", and {', '.join(self.unknown)}, of which nobody knows the cost yet" if self.unknown else ""
        return (
            f"{self.spent:,.2f} USD of this month's {self.budget:,.2f} are spent; this run costs about"
            f" {self.expected:,.2f}{more}."
        )


def judge(
    budget: float,
    estimate: cost.Estimate,
    past: Sequence[Mapping[str, Any]],
    today: date,
    batch: Sequence[Mapping[str, Any]] = (),
) -> BudgetDecision:
    """The run, on top of the month's runs, batch jobs, campaigns and recommenders until today.

    :param past: the history, oldest first
    :param batch: what batch jobs have cost
    """
    return BudgetDecision(cost.of_month(past, today, batch).usd, estimate.usd, budget, estimate.unknown)


def of_retraining(
    group: DatasetGroup,
    prices: cost.Prices,
    past: Sequence[Mapping[str, Any]],
    data: Mapping[str, Any],
    solutions: Sequence[str],
) -> cost.Estimate:
    """The import, the trainings and comparisons of a retraining, and a day of what it serves for the first time.

    :param data: what the data gate has returned: `bytes`, and `rows` by dataset
    """
    rows: Mapping[str, int] = data.get("rows") or {}
    served = {row["solution"] for row in past if row["outcome"] == "promoted"}
    trainings = []
    for name in solutions:
        solution = group.solution(name)
        users = (
            min(group.comparison.users, rows.get("users", group.comparison.users)) if group.comparison else 0
        )
        compared = cost.compared_lines(solution.recipe, users, 2 if name in served else 1)
        tps = 0 if name in served else solution.campaign.min_provisioned_tps
        trainings.append(cost.Training(name, solution.recipe, cost.usual_hours(past, name), tps, compared))
    estimate = cost.estimate(prices, data.get("bytes") or 0, rows.get("interactions") or 0, trainings)
    begun = [
        cost.recommender_day(prices, recommender.name, recommender.min_requests_per_second)
        for recommender in group.recommenders
        if recommender.name not in served and recommender.state != "stopped"
    ]
    return cost.Estimate([*estimate.items, *begun], prices.as_of)


def of_batch_jobs(
    group: DatasetGroup,
    prices: cost.Prices,
    past: Sequence[Mapping[str, Any]],
    batch: Sequence[Mapping[str, Any]],
    lines: Mapping[str, int | None],
    train: bool,
) -> cost.Estimate:
    """The answers of batch jobs, and the trainings of those that have a solution of their own.

    :param batch: what batch jobs have cost
    :param lines: by job, how many lines it asks; None of a job that does not run
    """
    items = []
    for job in group.batch_jobs:
        number = lines.get(job.name)
        if number is None:
            continue
        recipe = str(group.recipe_of(job))
        items.append(cost.batch_item(prices, job.name, recipe, number, cost.last_rows(past, "users")))
        if job.recipe and train:
            hours = cost.usual_hours([{"solution": row["job"], **row} for row in batch], job.name)
            training = cost.Training(job.name, recipe, hours)
            items.append(cost.training_item(prices, training, cost.last_rows(past, "interactions")))
    return cost.Estimate(items, prices.as_of)
