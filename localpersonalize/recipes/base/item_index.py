"""The best of very many items without a look at each.

An inverted file (Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", 2011) for inner products:
items stand in cells of like vectors; a query looks at the cells that promise most, and the scores of their items are
exact. What the others hold of the softmax's sum is estimated from each cell's moments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from localpersonalize.recipes.base.clusters import cells
from localpersonalize.recipes.base.logits import logits
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.base.scores import Scores

MIN_ITEMS = 100_000
"""With fewer, a look at all of them is as fast."""
CELL_SIZE = 256
ITEMS_LOOKED_AT = 24_576
FARTHEST = math.sqrt(2 * math.log(CELL_SIZE))
SPREAD = 3.0
"""Standard deviations above its centre that a cell's best item is expected at."""
MAX_NEW_ITEMS = 10_000
"""Items after the index was built, all of which are looked at, with which it is worth building anew."""


@dataclass(frozen=True)
class ItemIndex:
    """Items cell after cell: `vectors` float32 [indexed, size + 1], the last column their biases; `items` int32
    [indexed], which item each is; `positions` int32 [items], the reverse, -1 for those that are never recommended;
    `starts` int64 [cells + 1].

    Moments of each cell, weighted by exp(bias): `means` float32 [cells, size + 1], the last column the logarithm of the
    weights' sum, and `variances` float32 [cells, size]; `peaks` float32 [cells]: the largest bias less that logarithm.
    """

    vectors: np.ndarray
    items: np.ndarray
    positions: np.ndarray
    starts: np.ndarray
    means: np.ndarray
    variances: np.ndarray
    peaks: np.ndarray

    @classmethod
    def build(cls, vectors: np.ndarray, bias: np.ndarray) -> ItemIndex:
        """
        :param vectors: float32 [items, size].
        :param bias: float32 [items]; -inf: never to be recommended.
        """
        by_bias = np.argsort(-bias, kind="stable")[: np.count_nonzero(bias > -np.inf)]
        members = cells(vectors, by_bias, CELL_SIZE, np.random.default_rng(0))
        starts = np.cumsum([0, *(len(cell) for cell in members)])
        items = np.concatenate(members).astype(np.int32)
        positions = np.full(len(bias), -1, np.int32)
        positions[items] = np.arange(len(items))
        ordered = np.concatenate([vectors[items], bias[items, None]], axis=1)
        moments = [_moments(ordered[begin:end]) for begin, end in pairwise(starts.tolist())]
        return cls(
            ordered, items, positions, starts, *(np.stack(values) for values in zip(*moments, strict=True))
        )

    def __len__(self) -> int:
        return len(self.positions)

    def cell_scores(self, query: np.ndarray) -> CellScores:
        """What to expect of each cell.

        :param query: float32 [size + 1], the last 1.
        """
        return CellScores(self.means @ query, np.sqrt(self.variances @ query[:-1] ** 2), self.peaks)

    def positions_in(self, of_cells: np.ndarray) -> np.ndarray:
        """Positions (int64) of the cells' items, in order."""
        sizes = self.starts[of_cells + 1] - self.starts[of_cells]
        ends = np.cumsum(sizes)
        return np.asarray(np.arange(sizes.sum()) + np.repeat(self.starts[of_cells] - (ends - sizes), sizes))


def _moments(cell: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.float32]:
    """Weighted mean and variance, and the peak, of a cell: float32 [members, size + 1]."""
    vectors, bias = cell[:, :-1], cell[:, -1]
    top = bias.max()
    weights = np.exp(bias - top)
    total = weights.sum()
    mean = weights @ vectors / total
    variance = weights @ (vectors - mean) ** 2 / total
    return np.append(mean, top + np.log(total)), variance, -np.log(total)


@dataclass(frozen=True)
class CellScores:
    """How one query's scores are distributed in each cell, float32 [cells]: `means` with the logarithm of the weights'
    sum, `deviations`, and what the largest bias exceeds that logarithm by.
    """

    means: np.ndarray
    deviations: np.ndarray
    peaks: np.ndarray

    def promising(self, count: int) -> np.ndarray:
        """The cells whose best items are expected to score highest, in order of index."""
        if count >= len(self.means):
            return np.arange(len(self.means))
        expected = self.means + self.peaks + SPREAD * self.deviations
        return np.asarray(np.sort(np.argpartition(expected, -count)[-count:]))

    def log_sums(self) -> np.ndarray:
        """log(sum(exp(score))) of each cell's items, as if scores were distributed normally; float32 [cells].

        The sum over few draws from a wide distribution is its largest term, and those of a finite cell lie within
        `FARTHEST` deviations (Derrida, "Random-energy model", 1981).
        """
        within = np.minimum(self.deviations, FARTHEST)
        return np.asarray(self.means + within * (self.deviations - 0.5 * within))


class IndexedScores(Scores):
    """Scores query · vector + bias, of which only those of promising items are computed."""

    def __init__(
        self,
        index: ItemIndex,
        query: np.ndarray,
        vectors: np.ndarray,
        bias: np.ndarray,
        raised: np.ndarray,
        raised_by: float,
    ) -> None:
        """
        :param query: float32 [size]. :param vectors: float32 [items, size]; those after the index's are all looked at.
        :param bias: float32 [items]. :param raised: items, each once, to whose scores `raised_by` is added.
        """
        self.index, self.vectors, self.bias = index, vectors, bias
        self.query = np.append(query, np.float32(1))
        self.raised, self.raised_by = raised, np.float32(raised_by)

    def __len__(self) -> int:
        return len(self.bias)

    def of(self, items: np.ndarray) -> np.ndarray:
        if len(items) > len(self) // 8:
            every = self.all()
            return np.asarray(every[items])
        scores: np.ndarray = self.vectors[items] @ self.query[:-1] + self.bias[items]
        scores[np.isin(items, self.raised)] += self.raised_by
        return scores

    def all(self) -> np.ndarray:
        scores: np.ndarray = logits(self.query[None, :-1], self.vectors, self.bias)[0]
        scores[self.raised] += self.raised_by
        return scores

    def best(self, k: int, mask: np.ndarray | None = None) -> np.ndarray:
        items, scores = self._near
        if mask is not None:
            items, scores = self._allowed(k, mask)
        best: np.ndarray = items[top_k(scores, k)].astype(np.int64)
        return best

    def log_sum(self) -> float:
        _, scores = self._near
        others = self._distribution.log_sums()
        others[self._cells] = -np.inf
        top = max(scores.max(initial=-np.inf), others.max(initial=-np.inf))
        if top == -np.inf:
            return -math.inf
        return float(top) + math.log(float(np.exp(scores - top).sum() + np.exp(others - top).sum()))

    @cached_property
    def _distribution(self) -> CellScores:
        return self.index.cell_scores(self.query)

    @cached_property
    def _cells(self) -> np.ndarray:
        return self._distribution.promising(ITEMS_LOOKED_AT // CELL_SIZE)

    @cached_property
    def _near(self) -> tuple[np.ndarray, np.ndarray]:
        """The items of the promising cells, those that came after the index and the raised ones, and their scores."""
        starts = self.index.starts
        scores = [self.index.vectors[starts[cell] : starts[cell + 1]] @ self.query for cell in self._cells]
        return self._with_others(self.index.positions_in(self._cells), np.concatenate(scores))

    def _allowed(self, k: int, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The items to choose from where not all may be: as many of those that may as without a mask."""
        allowed = int(np.count_nonzero(mask))
        if allowed <= ITEMS_LOOKED_AT:
            items = np.flatnonzero(mask)
            return items, self.of(items)
        items, scores = self._near
        if allowed < len(self) // 2:
            count = ITEMS_LOOKED_AT * len(self) // (CELL_SIZE * allowed)
            positions = self.index.positions_in(self._distribution.promising(count))
            positions = positions[mask[self.index.items[positions]]]
            items, scores = self._with_others(positions, self.index.vectors[positions] @ self.query)
        is_allowed = mask[items]
        items, scores = items[is_allowed], scores[is_allowed]
        if len(items) < max(k, ITEMS_LOOKED_AT // 4):  # they are of other kinds than the user likes
            return np.flatnonzero(mask), self.all()[mask]
        return items, scores

    def _with_others(self, positions: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Items at these positions, in order, with those that are looked at whatever the query; raises scores."""
        raised = self.index.positions[self.raised[self.raised < len(self.index)]]
        begin, end = np.searchsorted(positions, raised), np.searchsorted(positions, raised, side="right")
        is_here = end > begin
        scores[begin[is_here]] += self.raised_by
        new = np.arange(len(self.index), len(self))
        others = np.concatenate([new, self.index.items[raised[~is_here & (raised >= 0)]]])
        return np.concatenate([self.index.items[positions], others]), np.append(scores, self.of(others))
