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
    if weights.popularity:
        scores = scores + np.float32(spread * weights.popularity) * popularity_of(deployment, data, view)
    if weights.freshness:
        scores = scores + np.float32(spread * weights.freshness) * view.freshness
    return scores


def popularity_of(deployment: Deployment, data: GroupData, view: ItemView) -> np.ndarray:
    """Logarithms of the items' events, float32 [items], 0 to 1."""
    codes = data.histories.items
    indices = deployment.model_indices(codes, np.arange(len(codes)))
    is_known = indices >= 0
    counts = np.zeros(len(view.items), np.float32)
    counts[indices[is_known]] = data.histories.counts()[: len(indices)][is_known]
    logarithms = np.log1p(counts)
    return np.asarray(logarithms / max(np.float32(1e-9), logarithms.max(initial=0.0)))
