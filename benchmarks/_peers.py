"""What a weekend with numpy or a library gives: the models that the recipes are measured against.

Every model takes the users' items (int32 arrays, oldest first) and returns scores, float32 [users, items].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse as sp

Histories = Sequence[np.ndarray]
Scorer = Callable[[Histories], np.ndarray]

HALF_LIFE = 10  # events; best of 5, 10, 20, 40 on splits that the benchmark does not use
RIDGE = 800.0  # best of 100, 200, 400, 800, 1500 on the same splits
KNN_HALF_LIFE = 5
METADATA_WEIGHT = 0.1  # beside the cosine of the users


def seen_matrix(user: np.ndarray, item: np.ndarray, users: int, items: int) -> sp.csr_matrix:
    """1 where a user had an item, float32 [users, items]."""
    matrix = sp.csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=(users, items))
    matrix.data[:] = 1.0
    return matrix


def cosine(seen: sp.csr_matrix) -> np.ndarray:
    shared = (seen.T @ seen).toarray()
    length = np.sqrt(np.maximum(np.diag(shared), 1.0))
    similar = shared / length / length[:, None]
    np.fill_diagonal(similar, 0.0)
    return similar


def ease(seen: sp.csr_matrix, ridge: float = RIDGE) -> np.ndarray:
    """Steck, "Embarrassingly shallow autoencoders for sparse data" (2019)."""
    gram = (seen.T @ seen).toarray().astype(np.float64)
    gram[np.diag_indices(len(gram))] += ridge
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)


def uses_recency(histories: Histories, items: int, half_life: float) -> np.ndarray:
    """The users' items weighted by how recent they are, float32 [users, items]."""
    weights = np.zeros((len(histories), items), np.float32)
    for row, history in zip(weights, histories, strict=True):
        age = np.arange(len(history))[::-1]
        known = history >= 0
        np.maximum.at(row, history[known], (0.5 ** (age / half_life))[known].astype(np.float32))
    return weights


def peers(seen: sp.csr_matrix, metadata: np.ndarray | None = None) -> dict[str, Scorer]:
    """The peers trained on one matrix, by name.

    :param metadata: of the items, float32 [items, features], each of length 1, for a peer that uses it.
    """
    items = seen.shape[1]
    popular = np.asarray(seen.sum(axis=0)).ravel()
    similar, linear = cosine(seen), ease(seen)
    with_metadata = {}
    if metadata is not None:
        alike = similar + METADATA_WEIGHT * (metadata @ metadata.T)
        with_metadata["item-kNN, last item, with metadata"] = lambda h: alike[[x[x >= 0][-1] for x in h]]
    return {
        "popularity": lambda histories: np.tile(popular, (len(histories), 1)),
        "item-kNN, last item": lambda histories: similar[[h[h >= 0][-1] for h in histories]],
        **with_metadata,
        "item-kNN, recency-weighted": lambda h: uses_recency(h, items, KNN_HALF_LIFE) @ similar,
        "EASE^R, recency-weighted": lambda h: uses_recency(h, items, HALF_LIFE) @ linear,
        "implicit cosine": _implicit_cosine(seen),
        "implicit ALS": _implicit_als(seen),
    }


def _implicit_cosine(seen: sp.csr_matrix) -> Scorer:
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=100, num_threads=2)
    model.fit(seen, show_progress=False)
    return lambda histories: uses_recency(histories, seen.shape[1], 1e9) @ model.similarity.toarray()


def _implicit_als(seen: sp.csr_matrix) -> Scorer:
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=64, iterations=15, num_threads=2, random_state=1)
    model.fit(seen, show_progress=False)

    def score(histories: Histories) -> np.ndarray:
        rows = sp.csr_matrix(uses_recency(histories, seen.shape[1], 1e9))
        users = model.recalculate_user(np.arange(len(histories)), rows)
        return np.asarray(users) @ np.asarray(model.item_factors).T

    return score
