"""What `rankingInfluence` adds to scores: popular and fresh items come earlier, the more the closer a weight is to 1.

With both weights fixed, raising one of them never makes a list less popular, or less fresh, in sum: the best of
`score + weight * factor` have the larger sum of factors the larger the weight.
"""

from __future__ import annotations

import numpy as np

from localpersonalize.runtime.deployment import Deployment, GroupData, ItemView


def influenced(scores: np.ndarray, deployment: Deployment, data: GroupData, view: ItemView) -> np.ndarray:
    """Scores (float [items]) with the campaign's influences: at weight 1 the most popular item gains, beside one
    without events, as much as the best item's score exceeds the mean.
    """
    weights = deployment.influence
    possible = scores[scores > -np.inf]
    if not weights or not len(possible):
        return scores
    spread = float(possible.max() - possible.mean()) or 1.0
    bias = weights.popularity * popularity_of(deployment, data, view) + weights.freshness * freshness_of(view)
    return np.asarray(scores + np.float32(spread) * bias.astype(np.float32))


def popularity_of(deployment: Deployment, data: GroupData, view: ItemView) -> np.ndarray:
    """Logarithms of the items' events, float64 [items], 0 to 1."""
    indices = deployment.model_indices(data.histories.items, np.arange(len(data.histories.items)))
    counts = np.zeros(len(view.items))
    counts[indices[indices >= 0]] = data.histories.counts()[: len(indices)][indices >= 0]
    logarithms = np.log1p(counts)
    return np.asarray(logarithms / max(1e-9, logarithms.max(initial=0.0)))


def freshness_of(view: ItemView) -> np.ndarray:
    """Of the items with a CREATION_TIMESTAMP the share that is no newer, float64 [items]; 0 for those without."""
    created = view.columns.numbers("CREATION_TIMESTAMP")
    ordered = np.sort(created[~np.isnan(created)])
    shares = np.searchsorted(ordered, created, side="right") / max(1, len(ordered))
    return np.where(np.isnan(created), 0.0, shares)
