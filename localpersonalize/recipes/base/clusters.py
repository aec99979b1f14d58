"""Vectors in cells of like ones: k-means in two levels, so that a million take seconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

GROUPS = 64
ROUNDS = 8
SAMPLES_PER_CENTRE = 64
"""Vectors of each cell that its centre is found with; the others are only assigned."""
VECTORS_AT_A_TIME = 8192


def cells(vectors: np.ndarray, members: np.ndarray, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The members of each cell, in the order given; cells have some `size`, at most half as many again.

    :param vectors: float32 [vectors, dimensions].
    :param members: int64, which of the vectors.
    """
    return [
        part
        for group in _clusters(vectors, members, min(GROUPS, len(members) // size), rng)
        for cell in _clusters(vectors, group, round(len(group) / size), rng)
        for part in np.array_split(cell, max(1, round(len(cell) / size)))
    ]


def _clusters(
    vectors: np.ndarray, members: np.ndarray, count: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """The members in `count` clusters, without the empty ones; members of one keep their order."""
    if count <= 1:
        yield members
        return
    own = vectors[members]
    nearest = _nearest(own, _centres(own, count, rng))
    order = np.argsort(nearest, kind="stable")
    for cluster in np.split(members[order], np.searchsorted(nearest[order], np.arange(1, count))):
        if len(cluster):
            yield cluster


def _centres(vectors: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Lloyd's algorithm on a sample; float32 [count, dimensions]."""
    sample = vectors[rng.permutation(len(vectors))[: count * SAMPLES_PER_CENTRE]]
    centres = sample[:count].copy()
    for _ in range(ROUNDS):
        nearest = _nearest(sample, centres)
        sizes = np.bincount(nearest, minlength=count)
        members = sp.csr_matrix(
            (np.ones(len(sample), np.float32), (nearest, np.arange(len(sample)))), (count, len(sample))
        )
        centres = np.where(sizes[:, None] > 0, members @ sample / np.maximum(sizes, 1)[:, None], centres)
    return centres.astype(np.float32)


def _nearest(vectors: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The centre nearest to each vector, int64 [vectors]."""
    half_squares = 0.5 * (centres**2).sum(axis=1)
    nearest = np.empty(len(vectors), np.int64)
    for begin in range(0, len(vectors), VECTORS_AT_A_TIME):
        part = slice(begin, begin + VECTORS_AT_A_TIME)
        nearest[part] = (vectors[part] @ centres.T - half_squares).argmax(axis=1)
    return nearest
