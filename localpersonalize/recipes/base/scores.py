"""One request's scores of a model's items, as far as its answer needs them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np

from localpersonalize.recipes.base.ranking import top_k

SCORES_IN_CACHE = 65_536
"""Float scores of a row that are worked on at a time: several passes over a million would each wait for memory."""


class Scores(ABC):
    """How well each of a model's items suits one request; -inf: never to be recommended."""

    @abstractmethod
    def __len__(self) -> int:
        """Items of the model."""

    @abstractmethod
    def best(self, k: int, mask: np.ndarray | None = None) -> np.ndarray:
        """Indices (int64) of the `k` best items, best first; never one whose score is -inf.

        :param mask: bool [items], False: leave out.
        """

    @abstractmethod
    def of(self, items: np.ndarray) -> np.ndarray:
        """The scores of these items, float [items]."""

    @abstractmethod
    def log_sum(self) -> float:
        """log(sum(exp(score))) over all items, -inf if none can be recommended: what the softmax divides by."""

    @abstractmethod
    def all(self) -> np.ndarray:
        """The score of every item, float [items]."""


class DenseScores(Scores):
    """Scores that are all there already."""

    def __init__(self, row: np.ndarray) -> None:
        self.row = row

    def __len__(self) -> int:
        return len(self.row)

    def best(self, k: int, mask: np.ndarray | None = None) -> np.ndarray:
        return top_k(self.row, k, mask)

    def of(self, items: np.ndarray) -> np.ndarray:
        scores: np.ndarray = self.row[items]
        return scores

    def log_sum(self) -> float:
        return log_sum_exp(self.row)

    def all(self) -> np.ndarray:
        return self.row


def log_sum_exp(values: np.ndarray) -> float:
    """log(sum(exp(values))), -inf if nothing is finite."""
    top = float(values.max()) if len(values) else -math.inf
    if not math.isfinite(top):
        return -math.inf
    total = 0.0
    for begin in range(0, len(values), SCORES_IN_CACHE):
        part = values[begin : begin + SCORES_IN_CACHE] - values.dtype.type(top)
        total += float(np.exp(part, out=part).sum())
    return top + math.log(total)
