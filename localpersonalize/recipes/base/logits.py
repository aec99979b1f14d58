"""Products of queries and item vectors, whatever the number of each."""

from __future__ import annotations

import numpy as np

FEW_QUERIES = range(2, 25)
MANY_ITEMS = 50_000
ITEMS_AT_A_TIME = 8192


def logits(queries: np.ndarray, vectors: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """`queries @ vectors.T + bias`, float32 [queries, items].

    A product of a few queries with very many items spends most of its time on packing the vectors for the processor;
    the other way round, some thousand items at a time, it takes a half to a third of that.

    :param queries: float32 [queries, size].
    :param vectors: float32 [items, size].
    :param bias: float32 [items].
    """
    if len(queries) not in FEW_QUERIES or len(vectors) < MANY_ITEMS:
        scores: np.ndarray = queries @ vectors.T
        scores += bias
        return scores
    scores = np.empty((len(queries), len(vectors)), np.float32)
    columns = np.ascontiguousarray(queries.T)
    for begin in range(0, len(vectors), ITEMS_AT_A_TIME):
        part = slice(begin, begin + ITEMS_AT_A_TIME)
        products = vectors[part] @ columns
        products += bias[part, None]
        scores[:, part] = products.T
    return scores
