"""The recommenders of a domain dataset group, now: what the service says of them, what they cost, how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from encore import cost
from encore.config.models import DatasetGroup
from encore.config.recommenders import Recommender
from encore.metric_names import in_order
from encore.page.live import beside
from encore.page.service import RecommenderState
from encore.report.wording import ACTIVE, STOPPED, outcome_word

Row = Mapping[str, Any]
#: What the service's statuses are called, by their beginning; what ends with FAILED has failed.
STATES = {
    "ACTIVE": ACTIVE,
    "INACTIVE": STOPPED,
    "CREATE": "being made",
    "START": "being started",
    "STOP": "being stopped",
    "DELETE": "being deleted",
}
FAILED, MISSING, UNKNOWN = "failed", "not made yet", "not known"
UPDATES = ("UPDATE", "CREATE PENDING", "CREATE IN_PROGRESS")
#: How they are shown: as what was promoted, has failed, goes on, or nothing.
STYLES = {ACTIVE: "promoted", FAILED: FAILED, STOPPED: "nothing", MISSING: "nothing", UNKNOWN: "nothing"}


@dataclass(frozen=True)
class RecommenderNow:
    """A recommender and what is known of it, now.

    :param state: in words, see `STATES`
    :param since: when it was last changed
    :param value: its `metric`, which it has had since `measured_since`, a run; `before` what it had before that
    :param usd_a_day: at list prices; None where `missing_prices` are not known
    :param last: the newest row of the history
    """

    name: str
    use_case: str
    requests_per_second: int
    state: str
    since: datetime | None = None
    is_updated: bool = False
    failure: str | None = None
    metric: str = ""
    value: float | None = None
    before: float | None = None
    measured_since: datetime | None = None
    usd_a_day: float | None = None
    missing_prices: Sequence[str] = field(default_factory=tuple)
    last: Row | None = None

    @property
    def style(self) -> str:
        return STYLES.get(self.state, "running")

    @property
    def answers(self) -> bool:
        return self.state == ACTIVE

    @property
    def beside_before(self) -> str:
        return beside(self.value, self.before, "before the service trained it anew")


def recommenders_now(
    group: DatasetGroup, past: Sequence[Row], states: Sequence[RecommenderState] | None
) -> list[RecommenderNow]:
    """Each recommender of the pipeline file.

    :param past: the history, oldest first
    :param states: as the service says; None where it does not answer: then the history has to do
    """
    if not group.recommenders:
        return []
    prices = cost.Prices.load()
    return [_now(recommender, past, states, prices) for recommender in group.recommenders]


def _now(
    recommender: Recommender,
    past: Sequence[Row],
    states: Sequence[RecommenderState] | None,
    prices: cost.Prices,
) -> RecommenderNow:
    own = [row for row in past if row["solution"] == recommender.name]
    state = next((entry for entry in states or () if entry.name == recommender.name), None)
    last = own[-1] if own else None
    requests = state.requests_per_second if state else recommender.min_requests_per_second
    metrics = state.metrics if state else _last_metrics(own)
    metric = next(iter(in_order(metrics)), "")
    value = metrics.get(metric)
    measured = [(row["recorded_at"], other) for row in own if (other := (row["metrics"] or {}).get(metric))]
    earlier = [number for number, (_, other) in enumerate(measured) if other != value]
    current = measured[earlier[-1] + 1 :] if earlier else measured
    return RecommenderNow(
        recommender.name,
        recommender.recipe,
        requests,
        _state(state, last, is_known=states is not None),
        since=state.since if state else None,
        is_updated=bool(state and state.update and state.update.startswith(UPDATES)),
        failure=state.failure if state else None,
        metric=metric,
        value=value,
        before=measured[earlier[-1]][1] if earlier else None,
        measured_since=current[0][0] if current else None,
        usd_a_day=cost.recommender_day(prices, recommender.name, requests).usd,
        missing_prices=cost.missing_prices(prices, requests),
        last=last,
    )


def _state(state: RecommenderState | None, last: Row | None, *, is_known: bool) -> str:
    if state is not None:
        words = (word for status, word in STATES.items() if state.status.startswith(status))
        return FAILED if state.status.endswith("FAILED") else next(words, state.status.lower())
    if is_known:
        return MISSING
    return outcome_word(last) if last and last["outcome"] != "failed" else UNKNOWN


def _last_metrics(own: Sequence[Row]) -> Mapping[str, float]:
    return next((row["metrics"] for row in reversed(own) if row["metrics"]), {})
