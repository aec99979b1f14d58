"""Metrics of `GetSolutionMetrics`, computed from ranked lists and what users really took.

Source: the developer guide, "Evaluating a solution version with metrics".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RANKED_ITEMS = 25  # of each list; the largest cut-off
CUTOFFS = (5, 10, RANKED_ITEMS)


def ranking_metrics(
    ranked: Sequence[np.ndarray], truth: Sequence[np.ndarray], catalogue: int
) -> dict[str, float]:
    """Coverage, and reciprocal rank, normalised discounted cumulative gain and precision, each the mean over users.

    The gain at K is measured against the best order of the K recommendations, as in the guide's example; true items
    that are not among them do not lower it (see `gain_over_truth`).

    :param ranked: per user, item indices, best first, at least 25 where there are as many.
    :param truth: per user, item indices; negative ones are unknown to the model and never hit.
    :param catalogue: how many items there are, for coverage.
    :returns: by the service's names, such as `precision_at_5`.
    """
    sums: dict[str, float] = {"mean_reciprocal_rank_at_25": 0.0}
    sums |= {f"normalized_discounted_cumulative_gain_at_{k}": 0.0 for k in CUTOFFS}
    sums |= {f"precision_at_{k}": 0.0 for k in CUTOFFS}
    recommended: set[int] = set()
    for items, true in zip(ranked, truth, strict=True):
        recommended.update(items[:RANKED_ITEMS].tolist())
        hits = _hits(items, true, RANKED_ITEMS)
        if hits.any():
            sums["mean_reciprocal_rank_at_25"] += 1.0 / (1 + int(hits.argmax()))
        for k in CUTOFFS:
            sums[f"normalized_discounted_cumulative_gain_at_{k}"] += _gain(hits[:k], int(hits[:k].sum()))
            sums[f"precision_at_{k}"] += hits[:k].sum() / k
    users = max(1, len(ranked))
    return {"coverage": len(recommended) / max(1, catalogue)} | {
        name: float(value / users) for name, value in sums.items()
    }


def gain_over_truth(
    ranked: Sequence[np.ndarray], truth: Sequence[np.ndarray], k: int, unknown: Sequence[int] | None = None
) -> float:
    """Normalised discounted cumulative gain at k as the literature has it: against the best list that there could be,
    so that true items which are not recommended lower it. The mean over users; not one of the service's metrics.

    :param ranked: per user, item indices, best first.
    :param truth: per user, item indices; negative ones are unknown to the model and never hit.
    :param unknown: per user, how many distinct true items the model does not know; they count as misses.
    """
    gains = []
    for user, (items, true) in enumerate(zip(ranked, truth, strict=True)):
        total = len(set(true[true >= 0].tolist())) + (unknown[user] if unknown is not None else 0)
        gains.append(_gain(_hits(items, true, k), min(k, total)))
    return float(np.mean(gains)) if gains else 0.0


def segment_metrics(predicted: Sequence[set[int]], truth: Sequence[set[int]], users: int) -> dict[str, float]:
    """Metrics of user segments: of each query, the hits and the recall, each the mean over queries; coverage.

    Coverage is the share of users that are in any segment: the guide defines it for items that may be recommended,
    which here are users.

    :param predicted: per query, the one percent of the users predicted to take it.
    :param truth: per query, the users who took it, at least one.
    :param users: how many there are.
    :returns: by the service's names, as its sample notebooks print them.
    """
    hits = [len(segment & takers) for segment, takers in zip(predicted, truth, strict=True)]
    recalls = [hit / len(takers) for hit, takers in zip(hits, truth, strict=True)]
    covered = len(set().union(*predicted)) if predicted else 0
    return {
        "coverage": covered / max(1, users),
        "hits_at_1_percent": float(np.mean(hits)) if hits else 0.0,
        "recall_at_1_percent": float(np.mean(recalls)) if recalls else 0.0,
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

    :param ranked: per user, item indices, best first; more than 25, or every share is 1.
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


def _hits(items: np.ndarray, true: np.ndarray, k: int) -> np.ndarray:
    """float [k]: 1 where the item of a list at this place is a true one."""
    relevant = set(true[true >= 0].tolist())
    hits = np.zeros(k)
    hits[: len(items[:k])] = [item in relevant for item in items[:k].tolist()]
    return hits


def _gain(hits: np.ndarray, possible: int) -> float:
    """The discounted gain of hits, as a share of what `possible` hits at the first places would gain."""
    discounts = 1.0 / np.log2(np.arange(2, len(hits) + 2))
    return float((hits * discounts).sum() / discounts[:possible].sum()) if possible else 0.0
