"""aws-trending-now: the items whose events increase most."""

from __future__ import annotations

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
EARLIER_INTERVALS = 8  # that the newest one is compared with


class TrendingHyperparameters(Hyperparameters):
    trend_discovery_frequency: Literal["30 minutes", "1 hour", "3 hours", "1 day"] = hyperparameter(
        "3 hours",
        group="feature_transformation",
        description="The interval in which events are counted: the newest one is compared with those before.",
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


def trend_scores(growth: np.ndarray, popularity: np.ndarray) -> np.ndarray:
    """Growth first, popularity among equals; an item without events is not recommended (float [items])."""
    scores = growth + 1e-3 * popularity / max(1, popularity.max())
    return np.where(popularity > 0, scores, -np.inf)


class TrendingModel(Model):
    """The same for everybody. Events that come while it serves count: the service evaluates trends again and again."""

    recipe = "aws-trending-now"
    needs = "nothing"
    follows_events = True

    def __init__(self, items: Vocabulary, scores: np.ndarray, seconds: int) -> None:
        self.items = items
        self.scores = scores.astype(np.float32)
        self.seconds = seconds

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.broadcast_to(self.scores, (len(requests), len(self.scores)))

    def add_items(self, items: pa.Table) -> None:
        """Items that came after training may trend from their first event on."""
        self._extend(items["ITEM_ID"].to_pylist())

    def follow_events(self, ids: Sequence[str], items: np.ndarray, times: np.ndarray) -> None:
        if not len(items):
            return
        self._extend(ids)
        item, count = self.items.index(ids)[items], len(self.items)
        growth = growth_of_items(item, times, count, self.seconds)
        self.scores = trend_scores(growth, np.bincount(item, minlength=count)).astype(np.float32)

    def _extend(self, ids: Sequence[str]) -> None:
        self.items = self.items.extended(ids)
        missing = len(self.items) - len(self.scores)
        self.scores = np.append(self.scores, np.full(missing, -np.inf, np.float32))

    def save(self, directory: Path) -> None:
        serialization.write(directory, self.recipe, self.items, {"scores": self.scores}, seconds=self.seconds)

    @classmethod
    def load(cls, directory: Path) -> TrendingModel:
        items, arrays, small = serialization.read(directory)
        return cls(items, arrays["scores"], small.get("seconds", INTERVAL_SECONDS["3 hours"]))


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
        options.step(0.5, f"comparing intervals of {hyperparameters.trend_discovery_frequency}")
        seconds = interval_seconds(hyperparameters)
        growth = growth_of_items(log.item, log.time, len(log.items), seconds)
        return TrendingModel(log.items, trend_scores(growth, log.users_of_items()), seconds)
