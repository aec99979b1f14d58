"""The service's metrics, and what they are called where there is little room."""

from __future__ import annotations

from collections.abc import Iterable

METRIC = "normalized_discounted_cumulative_gain_at_25"
NAMES = {
    METRIC: "NDCG@25",
    "normalized_discounted_cumulative_gain_at_10": "NDCG@10",
    "normalized_discounted_cumulative_gain_at_5": "NDCG@5",
    "mean_reciprocal_rank_at_25": "MRR@25",
    "precision_at_5": "precision@5",
    "precision_at_10": "precision@10",
    "precision_at_25": "precision@25",
    "coverage": "coverage",
}


def short_name(metric: str) -> str:
    return NAMES.get(metric, metric)


def in_order(metrics: Iterable[str]) -> list[str]:
    """Known metrics first, in the order of the table, then the others by name."""
    known = list(NAMES)
    return sorted(set(metrics), key=lambda name: (known.index(name) if name in NAMES else len(NAMES), name))
