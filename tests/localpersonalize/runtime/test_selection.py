"""Which items become results, in which order, with which scores."""

import numpy as np
import pytest

from localpersonalize.runtime.selection import ExplorationCandidates, Promotion, rank, select

SCORES = np.log(np.array([0.1, 0.4, 0.2, 0.3], np.float32))


def only(*items: int, size: int = 4) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[list(items)] = True
    return mask


def test_scores_are_probabilities_over_all_items_even_when_filtered() -> None:
    choices = select(SCORES, 2, only(0, 2), shows_score=True)
    assert [c.item for c in choices] == [2, 0]
    assert [c.score for c in choices] == pytest.approx([0.2, 0.1], abs=1e-6)


def test_recipes_without_scores_show_none() -> None:
    assert [c.score for c in select(SCORES, 4)] == [None] * 4


def test_items_the_model_refuses_never_come() -> None:
    scores = np.array([1.0, -np.inf, 0.5], np.float32)
    assert [c.item for c in select(scores, 10, shows_score=True)] == [0, 2]
    assert select(np.full(3, -np.inf, np.float32), 10, shows_score=True) == []
    assert select(scores, 0) == []


@pytest.mark.parametrize("seed", range(5))
def test_promoted_items_have_their_share_and_both_lists_keep_their_order(seed: int) -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)
    promotion = Promotion("ours", 30, only(*range(10, 20), size=20))
    choices = select(
        scores, 10, only(*range(12), size=20), promotion=promotion, rng=np.random.default_rng(seed)
    )
    assert [c.item for c in choices if c.promotion == "ours"] == [10, 11, 12]
    assert [c.item for c in choices if c.promotion is None] == [0, 1, 2, 3, 4, 5, 6]


def test_promoted_items_stand_at_random_places() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)
    rng = np.random.default_rng(0)
    first = {
        next(
            i
            for i, c in enumerate(select(scores, 10, promotion=Promotion("p", 20, None), rng=rng))
            if c.promotion
        )
        for _ in range(40)
    }
    assert len(first) > 3


def test_too_few_promoted_items_are_made_up_for_by_others() -> None:
    scores = np.arange(20, 0, -1, dtype=np.float32)
    choices = select(scores, 10, promotion=Promotion("p", 50, only(19, size=20)))
    assert sum(c.promotion is not None for c in choices) == 1
    assert len({c.item for c in choices}) == 10


def test_exploration_shows_candidates_as_often_as_told() -> None:
    scores = np.zeros(1000, np.float32)
    scores[:100] = 5
    explore = ExplorationCandidates(np.arange(500, 600), np.zeros(100))
    rng = np.random.default_rng(3)

    def explored(share: float) -> float:
        lists = [select(scores, 20, explore=explore, explore_share=share, rng=rng) for _ in range(100)]
        assert all(len({c.item for c in one}) == 20 for one in lists)
        hits = [c for one in lists for c in one if c.reason]
        assert all(500 <= c.item < 600 for c in hits)
        return len(hits) / 2000

    assert explored(0.0) == 0
    assert explored(0.3) == pytest.approx(0.3, abs=0.05)
    assert explored(1.0) == 1


def test_exploration_prefers_what_suits_and_was_not_ignored_and_obeys_the_filter() -> None:
    scores = np.zeros(40, np.float32)
    scores[30] = 3
    explore = ExplorationCandidates(np.array([30, 31, 32, 33]), np.array([0.0, 0.0, -50.0, 0.0]))
    mask = np.ones(40, bool)
    mask[33] = False
    rng = np.random.default_rng(1)
    drawn = [
        c.item
        for _ in range(200)
        for c in select(scores[:], 1, mask, explore=explore, explore_share=1.0, rng=rng)
        if c.reason
    ]
    assert set(drawn) <= {30, 31}
    assert drawn.count(30) > 5 * max(drawn.count(31), 1)


def test_results_with_exploration_stay_in_order_of_score() -> None:
    scores = np.linspace(1, 0, 100).astype(np.float32)
    choices = select(
        scores,
        10,
        shows_score=True,
        explore=ExplorationCandidates(np.arange(50, 100), np.zeros(50)),
        explore_share=0.5,
    )
    scores = [c.score for c in choices]
    assert scores == sorted(scores, reverse=True)


def test_ranking_puts_unknown_items_last_in_their_order_without_a_score() -> None:
    ranked = rank(SCORES, np.array([-1, 0, 3, -1, 1]))
    assert [at for at, _ in ranked] == [4, 2, 1, 0, 3]
    assert [score for _, score in ranked] == [
        pytest.approx(0.5),
        pytest.approx(0.375),
        pytest.approx(0.125),
        None,
        None,
    ]


def test_ranking_only_unknown_items_keeps_the_list() -> None:
    assert rank(SCORES, np.array([-1, -1])) == [(0, None), (1, None)]
