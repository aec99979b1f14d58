"""The service's offline evaluation: models are asked what held-out users were about to do, and their answers measured.

Items that the user has seen stay in the answers, as in the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.evaluation import metrics, segments
from localpersonalize.evaluation.metrics import RANKED_ITEMS
from localpersonalize.evaluation.splitting import HeldOutUser, Split
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.popularity.trending_now import (
    TrendingHyperparameters,
    TrendingNow,
    growth_of_items,
    interval_seconds,
)

SCORES_IN_MEMORY = 16_000_000
MAX_RECOMMENDED = 500  # of each user, for the rewards of an objective: as many as a request can ask for


def request_of(model: Model, held: HeldOutUser) -> Request:
    """The request that an application would send at the moment the truth begins."""
    return Request(
        user_id=held.user_id,
        item_id=held.items[-1] if model.needs == "item" and held.items else None,
        history_items=model.items.index(held.items),
        history_times=held.times,
        context=held.context,
        user=held.user,
        now=held.now,
    )


def recommend(
    model: Model, held_out: Sequence[HeldOutUser], k: int = RANKED_ITEMS, include_history: bool = True
) -> list[np.ndarray]:
    """The `k` best items of each held-out user, as indices in `model.items` (int64), best first.

    :param include_history: False leaves out the items of the user's history.
    """
    size = max(1, SCORES_IN_MEMORY // max(1, len(model.items)))
    ranked: list[np.ndarray] = []
    for start in range(0, len(held_out), size):
        requests = [request_of(model, held) for held in held_out[start : start + size]]
        for request, row in zip(requests, model.score(requests), strict=True):
            mask = None
            if not include_history:
                mask = np.ones(len(row), bool)
                mask[request.history_items[request.history_items >= 0]] = False
            ranked.append(top_k(row, k, mask))
    return ranked


def evaluate(model: Model, data: Split, include_history: bool = True) -> dict[str, float]:
    """The metrics of `GetSolutionMetrics` that every recipe has, by their names there."""
    ranked = recommend(model, data.held_out, RANKED_ITEMS, include_history)
    truth = [model.items.index(held.truth) for held in data.held_out]
    return metrics.ranking_metrics(ranked, truth, data.catalogue)


def gain_over_truth(model: Model, data: Split, k: int = 10) -> float:
    """What a search for hyperparameters maximises: it falls with each true item that is not recommended, which the
    service's own gain overlooks.
    """
    ranked = recommend(model, data.held_out, k)
    truth = [model.items.index(held.truth) for held in data.held_out]
    unknown = [len({item for item in held.truth if item not in model.items}) for held in data.held_out]
    return metrics.gain_over_truth(ranked, truth, k, unknown)


def metrics_of(
    recipe: Recipe,
    model: Model,
    data: Split,
    whole: TrainingData,
    hyperparameters: Any,
    options: TrainingOptions,
) -> dict[str, float]:
    """The metrics that `GetSolutionMetrics` returns for the recipe's type and configuration.

    :param model: trained on the split's training part.
    :param whole: all data, the held-out users too.
    :param hyperparameters: those that the model was trained with.
    """
    if data.later is not None:
        return segments.measure(recipe, model, data.train, data.later)
    figures = evaluate(model, data)
    if options.objective is not None:
        ranked = recommend(model, data.held_out, MAX_RECOMMENDED)
        truth = [model.items.index(held.truth) for held in data.held_out]
        rewards = options.objective.values(whole, model.items)
        figures["average_rewards_at_k"] = metrics.average_rewards_at_k(ranked, truth, rewards)
    if isinstance(recipe, TrendingNow):
        figures["trend_prediction_accuracy"] = _trend_accuracy(recipe, whole, hyperparameters)
    return figures


def _trend_accuracy(
    recipe: TrendingNow, data: TrainingData, hyperparameters: TrendingHyperparameters
) -> float:
    """Trains without the newest interval and compares with it."""
    seconds = interval_seconds(hyperparameters)
    time = data.interactions["TIMESTAMP"].cast(pa.int64()).to_numpy()
    before = time <= time.max() - seconds
    if not before.any():
        return 0.0
    known = replace(data, interactions=data.interactions.filter(pa.array(before)))
    model = recipe.train(known, hyperparameters, TrainingOptions())
    ranked = top_k(model.score([Request()])[0], RANKED_ITEMS)
    log = EventLog.of(data, model.items)
    growth = growth_of_items(log.item, log.time, len(log.items), seconds)
    return metrics.trend_prediction_accuracy(ranked, growth)
