"""Answers without a look at every item: they have to be those that a look at every item gives."""

from collections.abc import Iterator

import numpy as np
import pytest

from localpersonalize.recipes.base import item_index
from localpersonalize.recipes.base.item_index import IndexedScores, ItemIndex
from localpersonalize.recipes.base.scores import DenseScores

ITEMS, SIZE, KINDS, K = 60_000, 16, 300, 25
rng = np.random.default_rng(5)
CENTRES = rng.normal(0, 1, (KINDS, SIZE)).astype(np.float32)
KIND = rng.integers(0, KINDS, ITEMS)
VECTORS = (CENTRES[KIND] + rng.normal(0, 0.4, (ITEMS, SIZE))).astype(np.float32)
BIAS = rng.normal(0, 1, ITEMS).astype(np.float32)
BIAS[rng.choice(ITEMS, 500, replace=False)] = -np.inf
QUERIES = (CENTRES[:40] + rng.normal(0, 0.4, (40, SIZE))).astype(np.float32)
NOTHING = np.empty(0, np.int64)


@pytest.fixture(scope="module", autouse=True)
def small() -> Iterator[None]:
    """As much smaller as the items are fewer than the million that the sizes are meant for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(item_index, "ITEMS_LOOKED_AT", 4096)
        patch.setattr(item_index, "CELL_SIZE", 64)
        yield


@pytest.fixture(scope="module")
def index(small: None) -> ItemIndex:
    return ItemIndex.build(VECTORS, BIAS)


def both(
    index: ItemIndex,
    query: np.ndarray,
    raised: np.ndarray = NOTHING,
    by: float = 0.0,
    vectors: np.ndarray = VECTORS,
    bias: np.ndarray = BIAS,
) -> tuple[IndexedScores, DenseScores]:
    exact = vectors @ query + bias
    exact[raised] += by
    return IndexedScores(index, query, vectors, bias, raised, by), DenseScores(exact)


def recall(index: ItemIndex, masks: list[np.ndarray | None]) -> float:
    shares = []
    for query, mask in zip(QUERIES, masks, strict=True):
        indexed, exact = both(index, query)
        best = indexed.best(K, mask)
        assert len(best) == len(set(best.tolist())) == K
        assert mask is None or mask[best].all()
        shares.append(len(np.intersect1d(best, exact.best(K, mask))) / K)
    return float(np.mean(shares))


def test_every_item_that_may_be_recommended_is_in_one_cell(index: ItemIndex) -> None:
    recommended = np.flatnonzero(np.isfinite(BIAS))
    assert np.sort(index.items).tolist() == recommended.tolist()
    assert index.starts[0] == 0
    assert index.starts[-1] == len(index.items)
    sizes = np.diff(index.starts)
    assert sizes.min() > 0
    assert sizes.max() <= 1.5 * item_index.CELL_SIZE


def test_the_best_are_nearly_all_found_among_a_fraction_of_the_items(index: ItemIndex) -> None:
    assert recall(index, [None] * len(QUERIES)) >= 0.99


@pytest.mark.parametrize("share", [0.0005, 0.05, 0.2, 0.45, 0.8])
def test_a_filter_still_gets_a_full_list_of_the_best_that_it_lets_through(
    index: ItemIndex, share: float
) -> None:
    masks: list[np.ndarray | None] = [
        np.random.default_rng(n).random(ITEMS) < share for n in range(len(QUERIES))
    ]
    masks = [mask if mask is None else mask | (np.arange(ITEMS) < 30) for mask in masks]
    assert recall(index, masks) >= 0.99


def test_a_filter_for_other_kinds_than_the_user_likes_gets_the_exact_list(index: ItemIndex) -> None:
    query = QUERIES[0]
    far = CENTRES @ query < np.quantile(CENTRES @ query, 0.3)
    mask = far[KIND]
    assert mask.sum() > item_index.ITEMS_LOOKED_AT
    indexed, exact = both(index, query)
    assert indexed.best(K, mask).tolist() == exact.best(K, mask).tolist()


def test_few_items_that_may_be_are_all_listed_and_no_other(index: ItemIndex) -> None:
    mask = np.zeros(ITEMS, bool)
    mask[[3, 77, 4000]] = BIAS[[3, 77, 4000]] > -np.inf
    indexed, exact = both(index, QUERIES[1])
    assert indexed.best(K, mask).tolist() == exact.best(K, mask).tolist()
    assert not len(indexed.best(K, np.zeros(ITEMS, bool)))


@pytest.mark.parametrize("by", [-10.0, 4.0])
def test_items_that_the_user_had_are_raised_wherever_they_stand(index: ItemIndex, by: float) -> None:
    query = QUERIES[2]
    order = np.argsort(-(VECTORS @ query + BIAS))
    raised = np.sort(order[[0, 3, 200, 30_000, ITEMS - 1]])
    indexed, exact = both(index, query, raised, by)
    for mask in (None, np.arange(ITEMS) % 3 > 0, np.arange(ITEMS) % 5 == 0):
        assert np.isin(indexed.best(K, mask), exact.best(K, mask)).mean() >= 0.96
    assert np.allclose(indexed.of(raised), exact.of(raised), atol=1e-4)
    assert np.allclose(indexed.all(), exact.all(), atol=1e-4)
    if by > 0:
        assert order[200] in indexed.best(K)
    else:
        assert order[0] not in indexed.best(K)


def test_items_that_came_after_the_index_are_all_looked_at(index: ItemIndex) -> None:
    vectors = np.concatenate([VECTORS, 3 * CENTRES[:10]])
    bias = np.append(BIAS, np.zeros(10, np.float32))
    for number in range(10):
        indexed, exact = both(index, QUERIES[number], np.array([ITEMS + 3]), -1.0, vectors, bias)
        assert len(indexed) == ITEMS + 10
        for mask in (None, np.arange(ITEMS + 10) % 5 == 0):
            assert np.isin(indexed.best(K, mask), exact.best(K, mask)).mean() >= 0.96
        assert indexed.best(1).tolist() == exact.best(1).tolist()


def test_the_softmax_is_that_over_all_items_within_a_hundredth(index: ItemIndex) -> None:
    errors = []
    for scale in (0.3, 1.0, 2.0):
        for query in QUERIES * np.float32(scale):
            indexed, exact = both(index, query, np.array([5, 70]), 2.0)
            errors.append(np.exp(indexed.log_sum() - exact.log_sum()) - 1)
    assert np.abs(errors).mean() < 0.01
    assert np.abs(errors).max() < 0.05


def test_where_nothing_may_be_recommended_nothing_is() -> None:
    bias = np.full(1000, -np.inf, np.float32)
    bias[:300] = 0
    index = ItemIndex.build(VECTORS[:1000], bias)
    none = np.full(1000, -np.inf, np.float32)
    scores = IndexedScores(index, QUERIES[0], VECTORS[:1000], bias, NOTHING, 0.0)
    assert len(scores.best(400)) == 300
    assert (scores.of(np.arange(290, 310)) == -np.inf).tolist() == [False] * 10 + [True] * 10
    assert scores.best(5, none > 0).tolist() == []
