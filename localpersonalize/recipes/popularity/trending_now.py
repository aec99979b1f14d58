"""aws-trending-now: the items whose events increase most.

A plain difference of two intervals is mostly noise: half an hour has few events of each item, and a day's newest hours
say more about the next ones than its first. So events fade with a half-life of four hours, whatever the interval; of
what an item has at this time of any day only half counts, and its rise since the evaluation an interval ago is added.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters, guide_page, hyperparameter
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary

INTERVAL_SECONDS = {"30 minutes": 1800, "1 hour": 3600, "3 hours": 10800, "1 day": 86400}
EARLIER_INTERVALS = 8  # that the newest one is compared with, to measure a prediction
HALF_LIFE_SECONDS = 4 * 3600  # after which an event counts half
USUAL_DAYS = 7  # before, at whose same time of day an item's usual level is looked up
USUAL_SHARE = 0.5  # of that, which is taken off: all of it would hide what is read a lot each day
FADED = 10  # half-lives after which an event counts nothing
DAY_SECONDS = 86_400


class TrendingHyperparameters(Hyperparameters):
    trend_discovery_frequency: Literal["30 minutes", "1 hour", "3 hours", "1 day"] = hyperparameter(
        "3 hours",
        group="feature_transformation",
        description="How long ago the evaluation is that an item's rise is counted from.",
        source=guide_page("native-recipe-trending-now"),
    )


def interval_seconds(hyperparameters: TrendingHyperparameters) -> int:
    """Seconds of the interval in which events are counted."""
    return INTERVAL_SECONDS[hyperparameters.trend_discovery_frequency]


def growth_of_items(
    item: np.ndarray, time: np.ndarray, count: int, seconds: int, end: int | None = None
) -> np.ndarray:
    """How far each item's events in the newest interval exceed what the intervals before let expect, in
    standard deviations of a Poisson count (float64 [count]).

    :param item: int32 [events].
    :param count: how many items there are.
    :param seconds: length of an interval.
    :param time: epoch seconds, int64 [events].
    :param end: where the newest interval ends; None: just after the newest event.
    """
    end = int(time.max()) + 1 if end is None else end
    newest = (time >= end - seconds) & (time < end)
    before = (time < end - seconds) & (time >= end - (EARLIER_INTERVALS + 1) * seconds)
    now = np.bincount(item[newest], minlength=count)
    usual = np.bincount(item[before], minlength=count) / EARLIER_INTERVALS
    return (now - usual) / np.sqrt(usual + 1.0)


def trend_of_items(item: np.ndarray, time: np.ndarray, count: int, seconds: int) -> np.ndarray:
    """How far above half of its usual level each item is at the newest event, and its rise since an interval before
    added (float64 [count], in events).

    The rise counts in full for short intervals; what rose within a day says less about the next hours. (Damped trends:
    Gardner and McKenzie, "Forecasting trends in time series", 1985.)

    :param item: int32 [events].
    :param time: epoch seconds, int64 [events].
    :param count: how many items there are.
    :param seconds: between two evaluations.
    """
    age = int(time.max()) - time
    days = min(USUAL_DAYS, int(age.max()) // DAY_SECONDS)
    within = age <= seconds + days * DAY_SECONDS + FADED * HALF_LIFE_SECONDS
    item, age = item[within], age[within]
    now = _above_usual(item, age, count, days)
    rise = now - _above_usual(item, age - seconds, count, days)
    trend: np.ndarray = now + rise * HALF_LIFE_SECONDS / (HALF_LIFE_SECONDS + seconds)
    return trend


def _above_usual(item: np.ndarray, age: np.ndarray, count: int, days: int) -> np.ndarray:
    """Each item's level, less a share of the median of its levels at the same time of the days before."""
    level = _level(item, age, count)
    if days == 0:
        return level
    before = [_level(item, age - day * DAY_SECONDS, count) for day in range(1, days + 1)]
    above: np.ndarray = level - USUAL_SHARE * np.median(before, axis=0)
    return above


def _level(item: np.ndarray, age: np.ndarray, count: int) -> np.ndarray:
    """Events of each item, each the less the older it is; those with a negative age are still to come."""
    counts = np.flatnonzero((age >= 0) & (age <= FADED * HALF_LIFE_SECONDS))
    level: np.ndarray = np.bincount(item[counts], 0.5 ** (age[counts] / HALF_LIFE_SECONDS), minlength=count)
    return level


def trend_scores(trend: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """What rises first, the others by popularity; an item without events is not recommended (float [items])."""
    scores = np.maximum(trend, 0.0) + 1e-3 * popularity / max(1, popularity.max())
    return np.where(popularity > 0, scores, -np.inf)


class TrendingModel(Model):
    """The same for everybody. Events that come while it serves count: the service evaluates trends again and again.

    Without any event in the last two intervals nothing trends, and popular items are recommended. Source: the
    developer guide, "Trending-Now recipe".
    """

    recipe = "aws-trending-now"
    needs = "nothing"
    follows_events = True

    def __init__(
        self, items: Vocabulary, trend: np.ndarray, popularity: np.ndarray, seconds: int, newest: int
    ) -> None:
        """
        :param trend: `trend_of_items`, float [items]. :param popularity: events or users of each item, [items].
        :param seconds: of an interval. :param newest: epoch seconds of the newest event.
        """
        self.items = items
        self.seconds, self.newest = seconds, newest
        self._rank(trend, popularity)

    def _rank(self, trend: np.ndarray, popularity: np.ndarray) -> None:
        """The two orders that requests are answered in, once for all of them."""
        self.trend, self.popularity = trend, popularity
        self._trending = trend_scores(trend, popularity).astype(np.float32)
        self._popular = trend_scores(np.zeros(len(trend)), popularity).astype(np.float32)

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.stack(
            [self._trending if self._trends_at(request.now) else self._popular for request in requests]
        )

    def _trends_at(self, now: int) -> bool:
        """:param now: epoch seconds; 0: at the newest event."""
        return not now or now - self.newest <= 2 * self.seconds

    def add_items(self, items: pa.Table) -> None:
        """Items that came after training may trend from their first event on."""
        self._extend(items["ITEM_ID"].to_pylist())

    def follow_events(self, ids: Sequence[str], items: np.ndarray, times: np.ndarray) -> None:
        if not len(items):
            return
        self._extend(ids)
        item, count = self.items.index(ids)[items], len(self.items)
        self._rank(trend_of_items(item, times, count, self.seconds), np.bincount(item, minlength=count))
        self.newest = int(times.max())

    def _extend(self, ids: Sequence[str]) -> None:
        self.items = self.items.extended(ids)
        missing = (0, len(self.items) - len(self.trend))
        self._rank(np.pad(self.trend, missing), np.pad(self.popularity, missing))

    def save(self, directory: Path) -> None:
        arrays = {"trend": self.trend, "popularity": self.popularity}
        times = {"seconds": self.seconds, "newest": self.newest}
        serialization.write(directory, self.recipe, self.items, arrays, **times)

    @classmethod
    def load(cls, directory: Path) -> TrendingModel:
        items, arrays, times = serialization.read(directory)
        if "scores" in arrays:  # of version 0.1, which kept no popularity: as it was, until the next event
            is_known = np.isfinite(arrays["scores"])
            trend = np.where(is_known, arrays["scores"], 0.0)
            return cls(items, trend, is_known.astype(np.int64), times["seconds"], sys.maxsize)
        return cls(items, arrays["trend"], arrays["popularity"], times["seconds"], times["newest"])


class TrendingNow(Recipe):
    name = "aws-trending-now"
    recipe_type = "POPULAR_ITEMS"
    description = "Recommends the items whose interactions increase fastest."
    algorithm = "aws-trending-now-custom"
    feature_transformation = "aws-trending-now"
    hyperparameters = TrendingHyperparameters
    model = TrendingModel
    answers_batches = False

    def train(self, data: TrainingData, hyperparameters: Any, options: TrainingOptions) -> TrendingModel:
        log = EventLog.of(data)
        options.step(0.5, f"looking for what rises every {hyperparameters.trend_discovery_frequency}")
        seconds = interval_seconds(hyperparameters)
        trend = trend_of_items(log.item, log.time, len(log.items), seconds)
        return TrendingModel(log.items, trend, log.users_of_items(), seconds, int(log.time.max()))
