"""The best of dense scores."""

from __future__ import annotations

import numpy as np


def top_k(scores: np.ndarray, k: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Indices (int64) of the `k` best scores of one row, best first, ties by index; never one that is -inf.

    :param scores: float [items].
    :param mask: bool [items], False: leave out.
    """
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    if k < len(scores):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        best = np.flatnonzero(scores >= threshold)
    else:
        best = np.arange(len(scores))
    best = best[np.argsort(-scores[best], kind="stable")][:k]
    return best[scores[best] > -np.inf]


def top_k_of_rows(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """`top_k` of every row at once: the columns (int64), row after row, and where each row's begin (int64 [rows + 1]).

    :param scores: float [rows, items].
    """
    if k < scores.shape[1]:
        partition_point = scores.shape[1] - k
        threshold = np.partition(scores, partition_point, axis=1)[:, partition_point]
        positions = np.flatnonzero(scores >= threshold[:, None])
    else:
        positions = np.arange(scores.size)
    row, column = np.divmod(positions, scores.shape[1])
    value = scores[row, column]
    order = np.lexsort((column, -value, row))
    order = order[value[order] > -np.inf]
    starts = np.searchsorted(row[order], np.arange(len(scores) + 1))
    within = np.arange(len(order)) - starts[row[order]] < k
    return column[order[within]], np.append(0, np.cumsum(np.minimum(np.diff(starts), k)))
