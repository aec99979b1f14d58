"""From a row of scores to a list of results: best first, with promotions and exploration."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from localpersonalize.recipes.base.scores import DenseScores, Scores, log_sum_exp

EXPLORATION_REASON = "Exploration"
PROMOTION_REASON = "Promoted item"


@dataclass(frozen=True)
class Promotion:
    """A share of the results that goes to items which ``mask`` (bool [items], None: any) lets through."""

    name: str
    percent: int
    mask: np.ndarray | None


@dataclass(frozen=True)
class Choice:
    """One result: index in the model's items, score as shown (None: the recipe shows none), why it is
    there.
    """

    item: int
    score: float | None = None
    promotion: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ExplorationCandidates:
    """Items that exploration may choose from (indices), and log weights added to their scores."""

    items: np.ndarray
    log_weights: np.ndarray


def select(
    scores: Scores | np.ndarray,
    count: int,
    mask: np.ndarray | None = None,
    *,
    shows_score: bool = False,
    promotion: Promotion | None = None,
    explore: ExplorationCandidates | None = None,
    explore_share: float = 0.0,
    rng: np.random.Generator | None = None,
) -> list[Choice]:
    """The ``count`` best of ``scores`` (of all items; -inf: never), best first.

    Promoted items stand at random places among the others, in order among themselves; where too few can be
    promoted, the others fill the list. ``explore_share`` of the results that aren't promoted are drawn from
    ``explore``.
    """
    if count <= 0 or not len(scores):
        return []
    scores = DenseScores(scores) if isinstance(scores, np.ndarray) else scores
    rng = rng or np.random.default_rng()
    promoted = np.empty(0, np.int64)
    if promotion is not None:
        promoted = scores.best(min(count, math.ceil(count * promotion.percent / 100)), promotion.mask)
        mask = np.ones(len(scores), bool) if mask is None else mask.copy()
        mask[promoted] = False
    rest = scores.best(count - len(promoted), mask)
    explored: set[int] = set()
    if explore is not None and explore_share > 0:
        rest, explored = _explore(scores, rest, mask, explore, explore_share, rng)
    items = [*rest.tolist(), *promoted.tolist()]
    shares: list[float] | list[None] = [None] * len(items)
    if shows_score:
        shares = softmax_scores(scores.of(np.array(items, np.int64)), scores.log_sum())
    others = [
        Choice(item, score, None, EXPLORATION_REASON if item in explored else None)
        for item, score in zip(rest.tolist(), shares, strict=False)
    ]
    if promotion is None or not len(promoted):
        return others
    promotions = [
        Choice(item, score, promotion.name, PROMOTION_REASON)
        for item, score in zip(promoted.tolist(), shares[len(others) :], strict=True)
    ]
    return _interleave(others, promotions, rng)


def rank(
    scores: Scores | np.ndarray, indices: np.ndarray, *, shows_score: bool = True
) -> list[tuple[int, float | None]]:
    """Order a given list: positions in it with their scores, which sum to one over the list.

    :param scores: of all of the model's items. :param indices: int [list], model index of each, -1
    unknown; unknown ones and those that the model can't score come last, in the order given and without a
    score.
    """
    scores = DenseScores(scores) if isinstance(scores, np.ndarray) else scores
    values = np.full(len(indices), -np.inf)
    values[indices >= 0] = scores.of(indices[indices >= 0])
    order = np.argsort(-values, kind="stable")
    shares = softmax_scores(values[order], log_sum_exp(values)) if shows_score else [0.0] * len(order)
    return [
        (at, score if shows_score and values[at] > -np.inf else None)
        for at, score in zip(order.tolist(), shares, strict=True)
    ]


def softmax_scores(scores: np.ndarray, log_sum: float) -> list[float]:
    """Softmax of some scores (float) where all of them have this `log_sum_exp`, with the service's seven decimals."""
    if log_sum == -math.inf:
        return [0.0] * len(scores)
    shares: list[float] = np.round(np.exp(scores.astype(np.float64) - log_sum), 7).tolist()
    return shares


def softmax_scores_of_rows(scores: np.ndarray, items: np.ndarray, starts: np.ndarray) -> list[float]:
    """Softmax over all items of every row at once, row after row; works in place: `scores` are of no use after it.

    :param scores: float [rows, all items].
    :param items: indices, those of row r at `starts[r]:starts[r + 1]`, best first, as `top_k_of_rows` gives them.
    """
    row = np.repeat(np.arange(len(scores)), np.diff(starts))
    values = scores[row, items]
    some = np.diff(starts) > 0
    top = np.zeros(len(scores), scores.dtype)
    top[some] = values[starts[:-1][some]]
    scores -= top[:, None]
    total = np.exp(scores, out=scores).sum(axis=1).astype(np.float64)
    shares: list[float] = np.round(
        np.exp((values - top[row]).astype(np.float64)) / total[row].astype(np.float64), 7
    ).tolist()
    return shares


def _explore(
    scores: Scores,
    best: np.ndarray,
    mask: np.ndarray | None,
    explore: ExplorationCandidates,
    share: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, set[int]]:
    """Put drawn candidates at the end of ``best``; the higher the score, the likelier the draw."""
    slots = int(rng.binomial(len(best), min(share, 1.0)))
    allowed = explore.items if mask is None else explore.items[mask[explore.items]]
    weights = explore.log_weights if mask is None else explore.log_weights[mask[explore.items]]
    utility = scores.of(allowed).astype(np.float64) + weights
    possible = (utility > -np.inf) & ~np.isin(allowed, best[: len(best) - slots])
    allowed, utility = allowed[possible], utility[possible]
    slots = min(slots, len(allowed))
    if not slots:
        return best, set()
    # The largest of values with Gumbel noise are a draw without replacement in proportion to exp(value).
    noisy = utility + rng.gumbel(size=len(utility))
    explored_items = allowed[np.argsort(-noisy)[:slots]]
    candidates = np.concatenate([best[: len(best) - slots], explored_items])
    return candidates[np.argsort(-scores.of(candidates), kind="stable")], set(explored_items.tolist())


def _interleave(others: list[Choice], promoted: list[Choice], rng: np.random.Generator) -> list[Choice]:
    """Both lists in one, each in its own order, positions at random."""
    total = len(others) + len(promoted)
    positions = set(rng.choice(total, len(promoted), replace=False).tolist())
    first, second = iter(promoted), iter(others)
    return [next(first) if position in positions else next(second) for position in range(total)]
