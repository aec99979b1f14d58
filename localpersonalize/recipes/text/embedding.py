"""Latent semantic analysis: texts whose terms are used alike are alike, also without a term in common.

Deerwester, Dumais, Furnas, Landauer and Harshman, "Indexing by latent semantic analysis", 1990: a truncated singular
value decomposition of the weighted counts of terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import svds

from localpersonalize.recipes.text.terms import Terms, matrix

MAX_TERMS = 50_000  # those of the most texts
MAX_SHARE = 0.5  # of the texts that a term may be in: what is in more says little
DIMENSIONS = 128
DENSE_SIDE = 300  # smaller matrices are decomposed whole


@dataclass(frozen=True)
class Embedding:
    """Maps texts to vectors of length 1.

    `terms`: by column; `weights`: how rare each is, float32 [terms]; `axes`: float32 [terms, dimensions].
    """

    terms: list[str]
    weights: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, texts: Sequence[Terms]) -> Embedding:
        """Learn terms and axes of a catalogue."""
        frequency: Counter[str] = Counter()
        for text in texts:
            frequency.update(text.keys())
        most = max(2, int(MAX_SHARE * len(texts)))
        shared = [(term, count) for term, count in frequency.items() if 2 <= count <= most]
        shared.sort(key=lambda entry: (-entry[1], entry[0]))
        terms = [term for term, _ in shared[:MAX_TERMS]]
        counts = np.asarray([count for _, count in shared[:MAX_TERMS]], np.float32)
        weights = np.log((1 + len(texts)) / (1 + counts)).astype(np.float32) + 1
        bare = cls(terms, weights, np.eye(0, dtype=np.float32))
        return cls(terms, weights, _axes(bare.weighted(texts)))

    def encode(self, texts: Sequence[Terms]) -> np.ndarray:
        """float32 [texts, dimensions], each of length 1; all 0 for a text without any known term."""
        vectors = np.asarray(self.weighted(texts) @ self.axes, np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: np.ndarray = vectors / np.maximum(lengths, 1e-9)
        return unit.astype(np.float32)

    def weighted(self, texts: Sequence[Terms]) -> sp.csr_matrix:
        """Logarithms of counts, weighted by rarity, each text at length 1."""
        counts = matrix(texts, {term: column for column, term in enumerate(self.terms)})
        counts.data = np.log1p(counts.data)
        weighted = counts.multiply(self.weights).tocsr() if len(self.terms) else counts
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        return sp.diags(1 / np.maximum(lengths, 1e-9)).astype(np.float32) @ weighted


def _axes(texts: sp.csr_matrix) -> np.ndarray:
    """The right singular vectors of the largest values, float32 [terms, dimensions]."""
    smaller = min(texts.shape)
    if smaller <= DENSE_SIDE:
        _, _, right = np.linalg.svd(texts.toarray(), full_matrices=False)
        return np.ascontiguousarray(right[:DIMENSIONS].T, np.float32)
    start = np.random.default_rng(0).standard_normal(smaller)
    _, _, right = svds(texts.astype(np.float64), k=min(DIMENSIONS, smaller - 1), v0=start)
    return np.ascontiguousarray(right[::-1].T, np.float32)
