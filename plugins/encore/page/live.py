"""What is live in a group, since when, and how good it is beside the popular items and beside what was live before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from encore.config.models import DatasetGroup, Solution
from encore.metric_names import METRIC
from encore.page.service import Campaign

Row = Mapping[str, Any]
#: Differences below this share of a metric are no difference that a person should read something into.
SAME = 0.01


@dataclass(frozen=True)
class SolutionNow:
    """A solution and its campaign, now.

    :param serves: ARN of the version that is live; None where nothing is
    :param since: when it went live
    :param value: the live version's `metric`; `popularity` what the popular items reached in the same run, or in
        their last, `before` what the version before it reached
    :param last: the newest row of the history
    """

    solution: str
    recipe: str
    campaign: str
    metric: str
    status: str | None = None
    arn: str | None = None
    failure: str | None = None
    serves: str | None = None
    since: datetime | None = None
    value: float | None = None
    popularity: float | None = None
    before: float | None = None
    last: Row | None = None

    @property
    def beside_popularity(self) -> str:
        return beside(self.value, self.popularity, "recommending the popular items")

    @property
    def beside_before(self) -> str:
        return beside(self.value, self.before, "the version before it")

    @property
    def was_last_left_out(self) -> bool:
        """Whether the newest version is not the one that is live."""
        return self.last is not None and self.last["outcome"] != "promoted"


def solutions_now(
    group: DatasetGroup,
    past: Sequence[Row],
    campaigns: Sequence[Campaign] | None,
    metrics: Mapping[str, Mapping[str, float]] | None = None,
) -> list[SolutionNow]:
    """Each solution of the pipeline file.

    :param past: the history, oldest first
    :param campaigns: as the service says; None where it does not answer: then the history has to do
    :param metrics: of versions that the history may not have
    """
    return [
        _solution_now(
            solution, _of(past, solution), campaigns, metrics or {}, _of(past, group.baseline(solution))
        )
        for solution in group.solutions
    ]


def unrecorded(past: Sequence[Row], campaigns: Sequence[Campaign] | None) -> list[str]:
    """ARNs of versions that are live and that no run has recorded: it has not ended yet, or somebody else made them."""
    recorded = {row["solution_version_arn"] for row in past}
    return [
        campaign.serves for campaign in campaigns or () if campaign.serves and campaign.serves not in recorded
    ]


def metric_of(solution: Solution) -> str:
    """The metric that the solution is judged by: its gate's first."""
    return next(iter(solution.gate.metrics), METRIC)


def beside(value: float | None, other: float | None, what: str) -> str:
    """A comparison in words; empty where there is nothing to compare."""
    if value is None or not other:
        return ""
    change = (value - other) / other
    if abs(change) < SAME:
        return f"as good as {what}"
    return f"{abs(change):.0%} {'better' if change > 0 else 'worse'} than {what}"


def _solution_now(
    solution: Solution,
    own: Sequence[Row],
    campaigns: Sequence[Campaign] | None,
    metrics: Mapping[str, Mapping[str, float]],
    baseline: Sequence[Row],
) -> SolutionNow:
    metric, name = metric_of(solution), solution.campaign_name
    campaign = next((entry for entry in campaigns or () if entry.name == name), None)
    promoted = [row for row in own if row["outcome"] == "promoted"]
    if campaigns is None:
        serves = promoted[-1]["solution_version_arn"] if promoted else None
    else:
        serves = campaign.serves if campaign else None
    of_version = [row for row in own if serves and row["solution_version_arn"] == serves]
    went_live = next((row for row in reversed(of_version) if row["outcome"] == "promoted"), None)
    known = went_live or (of_version[-1] if of_version else {})
    return SolutionNow(
        solution.name,
        solution.recipe,
        name,
        metric,
        status=campaign.status if campaign else None,
        arn=campaign.arn if campaign else None,
        failure=campaign.failure if campaign else None,
        serves=serves,
        since=campaign.since if campaign and serves else known.get("recorded_at"),
        value=_value(known, "metrics", metric) or metrics.get(serves or "", {}).get(metric),
        popularity=next(
            (value for row in of_version if (value := _value(row, "popularity_metrics", metric))),
            next((value for row in reversed(baseline) if (value := _value(row, "metrics", metric))), None),
        ),
        before=_value(known, "live_metrics", metric),
        last=own[-1] if own else None,
    )


def _of(past: Sequence[Row], solution: Solution | None) -> list[Row]:
    return [row for row in past if solution and row["solution"] == solution.name]


def _value(row: Row, column: str, metric: str) -> float | None:
    value: float | None = (row.get(column) or {}).get(metric)
    return value
