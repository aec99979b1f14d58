"""The best of dense scores.

A partition of all scores costs more than the product of matrices that they come from. The best of groups of columns are
a pass at the speed of memory, and the k-th best of them is a bound that k scores reach: few others do.
"""

from __future__ import annotations

import numpy as np

GROUPS_PER_RESULT = 16
"""Groups of columns for each of the best that is wanted: then hardly any two of the best are of one group."""


def top_k(scores: np.ndarray, k: int, mask: np.ndarray | None = None) -> np.ndarray:
    """Indices (int64) of the `k` best scores of one row, best first, ties by index; never one that is -inf.

    :param scores: float [items].
    :param mask: bool [items], False: leave out.
    """
    if mask is not None:
        scores = np.where(mask, scores, -np.inf)
    best = np.flatnonzero(scores >= _bounds(scores[None], k)[0])
    best = best[np.argsort(-scores[best], kind="stable")][:k]
    return best[scores[best] > -np.inf]


def top_k_of_rows(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """`top_k` of every row at once: the columns (int64), row after row, and where each row's begin (int64 [rows + 1]).

    :param scores: float [rows, items].
    """
    positions = np.flatnonzero(scores >= _bounds(scores, k)[:, None])
    row, column = np.divmod(positions, scores.shape[1])
    starts = np.searchsorted(row, np.arange(len(scores) + 1))
    width = int(np.diff(starts).max(initial=0))
    position = row * width + np.arange(len(row)) - starts[row]  # in a table with a line for each row
    columns = np.zeros((len(scores), width), np.int64)
    values = np.full((len(scores), width), -np.inf, scores.dtype)
    columns.reshape(-1)[position] = column
    values.reshape(-1)[position] = scores.reshape(-1)[positions]
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    columns, values = (np.take_along_axis(table, order, axis=1) for table in (columns, values))
    is_result = values > -np.inf
    return columns[is_result], np.append(0, np.cumsum(is_result.sum(axis=1)))


def _bounds(scores: np.ndarray, k: int) -> np.ndarray:
    """For each row a score that at least `k` of it reach, or all where there are fewer, close to the k-th best (float
    [rows]).

    :param scores: float [rows, items].
    """
    rows, columns = scores.shape
    if not 0 < k < columns:
        return np.full(rows, -np.inf, scores.dtype)
    groups = GROUPS_PER_RESULT * k
    if columns < 2 * groups:
        return np.asarray(np.partition(scores, columns - k, axis=1)[:, columns - k])
    whole = columns - columns % groups
    best = scores[:, :whole].reshape(rows, -1, groups).max(axis=1)
    rest = columns - whole
    np.maximum(best[:, :rest], scores[:, whole:], out=best[:, :rest])
    return np.asarray(np.partition(best, groups - k, axis=1)[:, groups - k])
