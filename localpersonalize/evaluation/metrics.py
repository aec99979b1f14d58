"""Metrics of `GetSolutionMetrics`, computed from ranked lists and what users really took.

Source: the developer guide, "Evaluating a solution version with metrics".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RANKED_ITEMS = 25  # of each list; the largest cut-off
CUTOFFS = (5, 10, RANKED_ITEMS)


def ranking_metrics(
    ranked: Sequence[np.ndarray],
    truth: Sequence[np.ndarray],
    catalogue: int,
    unknown: Sequence[int] | None = None,
) -> dict[str, float]:
    """Coverage, and reciprocal rank, normalised discounted cumulative gain and precision, each the mean over users.

    :param ranked: per user, item indices, best first, at least 25 where there are as many.
    :param truth: per user, item indices; negative ones are unknown to the model and never hit.
    :param catalogue: how many items there are, for coverage.
    :param unknown: per user, how many distinct true items the model does not know; they count as misses.
    :returns: by the service's names, such as `precision_at_5`.
    """
    discounts = 1.0 / np.log2(np.arange(2, RANKED_ITEMS + 2))
    sums: dict[str, float] = {"mean_reciprocal_rank_at_25": 0.0}
    sums |= {f"normalized_discounted_cumulative_gain_at_{k}": 0.0 for k in CUTOFFS}
    sums |= {f"precision_at_{k}": 0.0 for k in CUTOFFS}
    recommended: set[int] = set()
    for user, (items, true) in enumerate(zip(ranked, truth, strict=True)):
        items = items[:RANKED_ITEMS]
        recommended.update(items.tolist())
        relevant = set(true[true >= 0].tolist())
        total = len(relevant) + (unknown[user] if unknown is not None else 0)
        hits = np.zeros(RANKED_ITEMS)
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


def hit_and_recall(predicted: Sequence[set[int]], truth: Sequence[set[int]]) -> dict[str, float]:
    """`hit_at_k` and `recall_at_k` of user segments, each the mean over items.

    :param predicted: per item, the k users predicted to take it.
    :param truth: per item, the users who took it, at least one.
    """
    hits = [len(users & takers) for users, takers in zip(predicted, truth, strict=True)]
    recalls = [hit / len(takers) for hit, takers in zip(hits, truth, strict=True)]
    return {
        "hit_at_k": float(np.mean(hits)) if hits else 0.0,
        "recall_at_k": float(np.mean(recalls)) if recalls else 0.0,
    }


def trend_prediction_accuracy(ranked: np.ndarray, growth: np.ndarray) -> float:
    """Of the growth that the 25 fastest growing items really had in the newest interval, the share that the recommended
    items had.

    :param ranked: indices of the recommended items, best first, computed without the newest interval.
    :param growth: float [items], how far each item's events in it exceed what was to be expected; falls count as 0.
    """
    growth = np.maximum(growth, 0.0)
    best = np.sort(growth)[::-1][:RANKED_ITEMS].sum()
    return float(growth[ranked[:RANKED_ITEMS]].sum() / best) if best > 0 else 0.0


def average_rewards_at_k(
    ranked: Sequence[np.ndarray], truth: Sequence[np.ndarray], rewards: np.ndarray
) -> float:
    """Of the rewards of what users took among their recommendations, the share that comes from the 25 with the
    highest rewards; 0 to 1, the mean over the users who took any.

    :param ranked: per user, item indices, best first.
    :param truth: per user, item indices of what the user took; negative ones are unknown to the model.
    :param rewards: float [items], the objective's attribute.
    """
    shares = []
    for items, true in zip(ranked, truth, strict=True):
        hits = items[np.isin(items, true)]
        total = rewards[hits].sum()
        if total > 0:
            highest = items[np.argsort(-rewards[items], kind="stable")][:RANKED_ITEMS]
            shares.append(rewards[np.intersect1d(highest, hits)].sum() / total)
    return float(np.mean(shares)) if shares else 0.0
