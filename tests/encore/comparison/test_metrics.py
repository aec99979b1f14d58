"""Metrics of lists whose right values are known by construction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.sparse import csr_array

from encore.comparison import metrics


def lists(*rows):
    padded = np.full((len(rows), 25), -1)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded


def truth(*rows):
    return [np.array(row) for row in rows]


def test_a_list_that_begins_with_the_truth_is_perfect_and_one_without_it_worth_nothing():
    values = metrics.accuracy(lists([3, 7, 1], [2]), truth([7, 3], [5]))
    assert values["ndcg_at_25"].tolist() == [1, 0]
    assert values["mrr_at_25"].tolist() == [1, 0]
    assert values["recall_at_25"].tolist() == [1, 0]
    assert values["precision_at_25"].tolist() == [2 / 25, 0]


@pytest.mark.parametrize("rank", range(25))
def test_a_later_place_is_worth_less_by_the_logarithm(rank):
    row = [100 + number for number in range(25)]
    row[rank] = 1
    values = metrics.accuracy(lists(row), truth([1]))
    assert values["ndcg_at_25"][0] == pytest.approx(1 / math.log2(rank + 2))
    assert values["mrr_at_25"][0] == pytest.approx(1 / (rank + 1))


def test_an_empty_place_is_no_hit_and_an_empty_list_is_worth_nothing():
    values = metrics.accuracy(lists([-1, 4], []), truth([4], [4]))
    assert values["ndcg_at_25"] == pytest.approx([1 / math.log2(3), 0])


def test_what_few_have_is_novel_and_what_many_have_popular():
    users_of = np.array([99, 9, 0])
    novelty = metrics.novelty(lists([0], [1], [2], [0, 2], []), users_of, 99)
    assert novelty[:3] == pytest.approx([0, math.log2(10), math.log2(100)])
    assert novelty[3] == pytest.approx(math.log2(100) / 2)
    assert math.isnan(novelty[4])
    assert metrics.popularity(lists([0], [1, 2]), users_of, 99) == pytest.approx([1, 9 / 99 / 2])


def test_items_of_the_same_users_are_alike_and_of_others_not():
    item_users = csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0]], float))
    diversity = metrics.diversity(lists([0, 1], [0, 2], [0, 3], [0]), item_users)
    assert diversity[:3] == pytest.approx([0, 1, 0.5])
    assert math.isnan(diversity[3])


def test_overlap_and_coverage():
    assert metrics.overlap(lists([1, 2], [3]), lists([2, 9], [4])) == pytest.approx([0.5, 0])
    assert metrics.coverage(lists([1, 2], [2, 3]), 6) == 0.5
