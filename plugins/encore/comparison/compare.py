"""The comparison itself: every metric of every list, over all users and by segment, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from encore.comparison import metrics
from encore.comparison.held_back import HeldBack
from encore.comparison.interval import FEWEST_USERS, Interval, paired
from encore.comparison.metrics import ACCURACY, Lists

NEW, LIVE, POPULAR, NEIGHBOURS = "new", "live", "popular items", "last-item neighbours"
EVERYBODY = "all users"
ATTRIBUTE_VALUES = 6  # the most frequent ones of the attribute


@dataclass(frozen=True)
class Line:
    """One metric of one segment.

    :param means: by list; what a list lacks is not in it
    :param intervals: of the difference of the new version's and another's, by the other's name: the live version's, or
        without one the popular items'; of the deciding metric over all users both
    """

    metric: str
    segment: str
    users: int
    means: Mapping[str, float]
    intervals: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Compared:
    """The table. `metric` is the one that decides."""

    metric: str
    confidence: float
    lines: Sequence[Line]

    @property
    def users(self) -> int:
        return self.lines[0].users if self.lines else 0

    def line(self, metric: str, segment: str = EVERYBODY) -> Line | None:
        return next((line for line in self.lines if (line.metric, line.segment) == (metric, segment)), None)

    def segments(self) -> list[Line]:
        """The deciding metric, over all users and by segment."""
        return [line for line in self.lines if line.metric == self.metric]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Compared:
        lines = [
            Line(
                **{
                    **line,
                    "intervals": {name: Interval(**bounds) for name, bounds in line["intervals"].items()},
                }
            )
            for line in document["lines"]
        ]
        return cls(document["metric"], document["confidence"], lines)


def compare(
    held_back: HeldBack,
    new: Lists,
    live: Lists | None,
    *,
    metric: str,
    confidence: float,
    event_type: str | None = None,
) -> Compared:
    """
    :param new: the answers of the new version, (users, 25) numbers of items; `live` likewise, None if nothing is live
    :param metric: the one that decides; only of it there are segments
    :param event_type: only events of this type are what a user took
    """
    truth = held_back.truth_of(event_type)
    has_truth = np.array([len(items) > 0 for items in truth], dtype=bool)
    lists = {NEW: new, **({} if live is None else {LIVE: live}), **_baselines(held_back)}
    lists = {name: rows[has_truth] for name, rows in lists.items()}
    truth = [items for items in truth if len(items)]
    values = {name: metrics.accuracy(rows, truth) for name, rows in lists.items()} if truth else {}
    segments = _segments(held_back, has_truth)
    everybody = np.ones(len(truth), dtype=bool)
    by_metric = {name: {label: of[name] for label, of in values.items()} for name in ACCURACY}
    lines = [_line(metric, EVERYBODY, everybody, by_metric[metric], confidence, (LIVE, POPULAR))]
    lines += [
        _line(name, EVERYBODY, everybody, by_metric[name], confidence) for name in ACCURACY if name != metric
    ]
    lines += [
        _line(metric, segment, mask, by_metric[metric], confidence) for segment, mask in segments.items()
    ]
    return Compared(metric, confidence, [*lines, *_beyond(held_back, lists, confidence)])


def _line(
    metric: str,
    segment: str,
    mask: np.ndarray,
    values: Mapping[str, np.ndarray],
    confidence: float,
    other: Sequence[str] | None = None,
) -> Line:
    own = {name: of[mask] for name, of in values.items()}
    against = [LIVE if LIVE in own else POPULAR] if other is None else other
    intervals = {
        name: interval
        for name in against
        if name in own and (interval := paired(own[NEW], own[name], confidence)) is not None
    }
    return Line(metric, segment, int(mask.sum()), _means(own), intervals)


def _means(values: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {name: float(np.nanmean(of)) for name, of in values.items() if len(of) and not np.isnan(of).all()}


def _baselines(held_back: HeldBack) -> dict[str, Lists]:
    popular = np.full(metrics.LENGTH, -1)
    best = held_back.popular[: metrics.LENGTH]
    popular[: len(best)] = best
    return {POPULAR: np.tile(popular, (len(held_back.users), 1)), NEIGHBOURS: held_back.neighbours}


def _segments(held_back: HeldBack, has_truth: np.ndarray) -> dict[str, np.ndarray]:
    """Masks over the asked users. What is too small to say anything, or everybody, is left out."""
    counts = held_back.counts[has_truth]
    known = counts > 0
    middle = float(np.median(counts[known])) if known.any() else 0.0
    segments = {
        "new users": ~known,
        "known users": known,
        f"light users (up to {middle:g} interactions)": known & (counts <= middle),
        f"heavy users (more than {middle:g})": counts > middle,
    }
    if held_back.attributes is not None:
        values = held_back.attributes[has_truth]
        frequent = [value for value, _ in Counter(values.tolist()).most_common(ATTRIBUTE_VALUES)]
        segments |= {str(value) or "unknown": values == value for value in frequent}
    return {name: mask for name, mask in segments.items() if mask.sum() >= FEWEST_USERS and not mask.all()}


def _beyond(held_back: HeldBack, lists: Mapping[str, Lists], confidence: float) -> list[Line]:
    """What is not accuracy, over all users."""
    users_of, everybody = np.asarray(held_back.item_users.sum(axis=1)).ravel(), held_back.item_users.shape[1]
    count = len(lists[NEW])
    measures: dict[str, Callable[[Lists], np.ndarray]] = {
        "novelty": lambda rows: metrics.novelty(rows, users_of, everybody),
        "diversity": lambda rows: metrics.diversity(rows, held_back.item_users),
        "popularity": lambda rows: metrics.popularity(rows, users_of, everybody),
    }
    mask = np.ones(count, dtype=bool)
    covered = {name: metrics.coverage(rows, len(held_back.items)) for name, rows in lists.items()}
    lines = [Line("coverage", EVERYBODY, count, covered)]
    lines += [
        _line(name, EVERYBODY, mask, {of: measure(rows) for of, rows in lists.items()}, confidence)
        for name, measure in measures.items()
    ]
    if LIVE in lists:
        shared = _means({NEW: metrics.overlap(lists[NEW], lists[LIVE])})
        lines.append(Line("overlap with live", EVERYBODY, count, shared))
    return lines
