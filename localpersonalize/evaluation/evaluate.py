"""The service's offline evaluation: who is held out, what is asked, and how the answers are measured.

A tenth of the users is held out of training. For each of them the oldest 90% of the events are the input and
the newest 10% the truth. Items that the user has seen stay in the answers, as in the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.evaluation.metrics import (
    average_rewards_at_k,
    segment_metrics,
    trend_prediction_accuracy,
)
from localpersonalize.recipes.base.data import TrainingData, context_columns
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.popularity.trending_now import SECONDS

HELD_OUT = 0.1
INPUT = 0.9
SEGMENT_INPUT = 0.8
DEPTH = 25
CUTOFFS = (5, 10, 25)
CELLS = 16_000_000  # scores in memory at once


@dataclass(frozen=True)
class HeldOutUser:
    """One user's question and its answer; `items`, `truth`: item ids, oldest first."""

    user_id: str
    items: list[str]
    times: np.ndarray
    truth: list[str]
    now: int
    context: dict[str, str]
    user: dict[str, Any] | None


@dataclass(frozen=True)
class Split:
    """`train`: the data without the held-out users; `catalogue`: distinct items of all data."""

    train: TrainingData
    held_out: list[HeldOutUser]
    catalogue: int
    later: TrainingData | None = None  # the test data of user segments


def split_for(recipe: Recipe, data: TrainingData, seed: int) -> Split:
    """The split of the recipe's type: for user segments every user's newest fifth is the test."""
    if recipe.recipe_type != "USER_SEGMENTATION":
        return split(data, seed)
    older = _older(data.interactions)
    by_user = split(data, seed)
    return Split(
        train=replace(data, interactions=data.interactions.filter(pa.array(older))),
        held_out=by_user.held_out,
        catalogue=_catalogue(data),
        later=replace(data, interactions=data.interactions.filter(pa.array(~older))),
    )


def _catalogue(data: TrainingData) -> int:
    """Distinct items of the Interactions and Items datasets."""
    items = None if data.items is None else data.items["ITEM_ID"]
    return len(Vocabulary.of(data.interactions["ITEM_ID"], items))


def _older(table: pa.Table) -> np.ndarray:
    """bool [rows]: among the oldest 80% of the user's events."""
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    order = np.lexsort((table["TIMESTAMP"].cast(pa.int64()).to_numpy(), user))
    counts = np.bincount(user, minlength=len(users))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return rank < np.maximum(1, np.ceil(SEGMENT_INPUT * counts))[user]


def split(data: TrainingData, seed: int = 0) -> Split:
    """Hold out a tenth of the users with at least two events, drawn with the seed."""
    table = data.interactions
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    candidates = np.flatnonzero(np.bincount(user, minlength=len(users)) >= 2)
    count = max(1, round(HELD_OUT * len(candidates)))
    chosen = np.zeros(len(users), bool)
    drawn = np.random.default_rng(seed).choice(candidates, size=min(count, len(candidates)), replace=False)
    chosen[drawn] = True
    held = chosen[user]
    return Split(
        train=replace(data, interactions=table.filter(pa.array(~held))),
        held_out=_held_out(table.filter(pa.array(held)), data),
        catalogue=_catalogue(data),
    )


def _held_out(table: pa.Table, data: TrainingData) -> list[HeldOutUser]:
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    times = table["TIMESTAMP"].cast(pa.int64()).to_numpy()
    order = np.lexsort((times, user))
    starts = np.searchsorted(user[order], np.arange(len(users) + 1))
    item = table["ITEM_ID"].to_pylist()
    rows = _rows_of_users(data, users)
    context = [name for name in table.column_names if name in context_columns(data)]
    columns = {name: table[name] for name in context}
    result = []
    for place, user_id in enumerate(users.array.to_pylist()):
        mine = order[starts[place] : starts[place + 1]]
        known = int(INPUT * len(mine))
        first = int(mine[known])
        result.append(
            HeldOutUser(
                user_id=user_id,
                items=[item[row] for row in mine[:known]],
                times=times[mine[:known]],
                truth=[item[row] for row in mine[known:]],
                now=int(times[first]),
                context={name: str(columns[name][first].as_py()) for name in context},
                user=rows.get(user_id),
            )
        )
    return result


def _rows_of_users(data: TrainingData, wanted: Vocabulary) -> dict[str, dict[str, Any]]:
    if data.users is None:
        return {}
    known = wanted.index(data.users["USER_ID"]) >= 0
    return {row["USER_ID"]: row for row in data.users.filter(pa.array(known)).to_pylist()}


def request_of(model: Model, held: HeldOutUser) -> Request:
    """What the application would ask at the moment the truth begins."""
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
    model: Model, held_out: Sequence[HeldOutUser], k: int = DEPTH, keep_seen: bool = True
) -> list[np.ndarray]:
    """The `k` best items of each held-out user, as indices in `model.items`."""
    size = max(1, CELLS // max(1, len(model.items)))
    ranked: list[np.ndarray] = []
    for start in range(0, len(held_out), size):
        requests = [request_of(model, held) for held in held_out[start : start + size]]
        for request, row in zip(requests, model.score(requests), strict=True):
            mask = None
            if not keep_seen:
                mask = np.ones(len(row), bool)
                mask[request.history_items[request.history_items >= 0]] = False
            ranked.append(top_k(row, k, mask))
    return ranked


def evaluate(model: Model, data: Split, keep_seen: bool = True) -> dict[str, float]:
    """The metrics of `GetSolutionMetrics`."""
    ranked = recommend(model, data.held_out, DEPTH, keep_seen)
    truth = [model.items.index(held.truth) for held in data.held_out]
    unknown = [len({item for item in held.truth if item not in model.items}) for held in data.held_out]
    return measure(ranked, truth, data.catalogue, unknown)


def metrics_of(
    recipe: Recipe,
    model: Model,
    data: Split,
    whole: TrainingData,
    hyperparameters: Any,
    options: TrainingOptions,
) -> dict[str, float]:
    """The metrics that `GetSolutionMetrics` returns for the recipe's type and configuration."""
    if data.later is not None:
        return segment_metrics(model, data.train, data.later, options.seed)
    metrics = evaluate(model, data)
    if options.objective is not None:
        ranked = recommend(model, data.held_out)
        truth = [model.items.index(held.truth) for held in data.held_out]
        rewards = options.objective.values(whole, model.items)
        metrics["average_rewards_at_k"] = average_rewards_at_k(ranked, truth, rewards)
    if recipe.name == "aws-trending-now":
        seconds = SECONDS[hyperparameters.trend_discovery_frequency]
        metrics["trend_prediction_accuracy"] = _trend_accuracy(recipe, whole, hyperparameters, seconds)
    return metrics


def _trend_accuracy(recipe: Recipe, data: TrainingData, hyperparameters: Any, seconds: int) -> float:
    """Trains without the newest interval and compares with it."""
    time = data.interactions["TIMESTAMP"].cast(pa.int64()).to_numpy()
    before = time <= time.max() - seconds
    if not before.any():
        return 0.0
    known = replace(data, interactions=data.interactions.filter(pa.array(before)))
    model = recipe.train(known, hyperparameters, TrainingOptions())
    ranked = top_k(model.score([Request()])[0], DEPTH)
    return trend_prediction_accuracy(ranked, EventLog.of(data, model.items), seconds)


def measure(
    ranked: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    catalogue: int,
    unknown: Sequence[int] | None = None,
) -> dict[str, float]:
    """Metrics of ranked lists, each the mean over users.

    :param ranked: per user, item indices, best first, at least 25 where there are as many.
    :param truth: per user, item indices; negative ones are unknown to the model and never hit.
    :param catalogue: how many items there are, for coverage.
    :param unknown: per user, how many distinct true items the model does not know; they count as misses.
    """
    discounts = 1.0 / np.log2(np.arange(2, DEPTH + 2))
    sums: dict[str, float] = {"mean_reciprocal_rank_at_25": 0.0}
    sums |= {f"normalized_discounted_cumulative_gain_at_{k}": 0.0 for k in CUTOFFS}
    sums |= {f"precision_at_{k}": 0.0 for k in CUTOFFS}
    recommended: set[int] = set()
    for place, (items, true) in enumerate(zip(ranked, truth, strict=True)):
        items = items[:DEPTH]
        recommended.update(items.tolist())
        relevant = set(true[true >= 0].tolist())
        total = len(relevant) + (unknown[place] if unknown is not None else 0)
        hits = np.zeros(DEPTH)
        hits[: len(items)] = [item in relevant for item in items.tolist()]
        if hits.any():
            sums["mean_reciprocal_rank_at_25"] += 1.0 / (1 + int(hits.argmax()))
        for k in CUTOFFS:
            ideal = discounts[: min(k, total)].sum()
            gain = (hits[:k] * discounts[:k]).sum()
            sums[f"normalized_discounted_cumulative_gain_at_{k}"] += gain / ideal if total else 0.0
            sums[f"precision_at_{k}"] += hits[:k].sum() / k
    users = max(1, len(ranked))
    return {"coverage": len(recommended) / max(1, catalogue)} | {
        name: float(value / users) for name, value in sums.items()
    }
