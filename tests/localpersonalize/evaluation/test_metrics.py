import numpy as np
import pytest

from localpersonalize.evaluation.metrics import ranking_metrics


def test_metrics_of_the_guides_example():
    """Reciprocal ranks 1/4, 1/2, 1/6; precision at 5: 1, 2 and 0 hits; gains by hand."""
    hits = [[4, 10], [2, 4, 12], [6]]
    ranked = [np.arange(1, 26)] * 3
    metrics = ranking_metrics(ranked, [np.array(h) for h in hits], catalogue=50)
    assert metrics["mean_reciprocal_rank_at_25"] == pytest.approx((1 / 4 + 1 / 2 + 1 / 6) / 3)
    assert metrics["precision_at_5"] == pytest.approx((1 + 2 + 0) / 15)
    assert metrics["precision_at_10"] == pytest.approx((2 + 2 + 1) / 30)
    assert metrics["precision_at_25"] == pytest.approx((2 + 3 + 1) / 75)
    log2 = np.log2
    first = (1 / log2(5) + 1 / log2(11)) / (1 + 1 / log2(3))
    second = (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3) + 1 / log2(4))
    third = (1 / log2(7)) / 1
    assert metrics["normalized_discounted_cumulative_gain_at_10"] == pytest.approx(
        (first + second + third) / 3
    )
    assert metrics["coverage"] == pytest.approx(25 / 50)


def test_the_keys_are_those_of_the_service():
    metrics = ranking_metrics([np.arange(25)], [np.array([0])], 25)
    assert set(metrics) == {
        "coverage",
        "mean_reciprocal_rank_at_25",
        "normalized_discounted_cumulative_gain_at_5",
        "normalized_discounted_cumulative_gain_at_10",
        "normalized_discounted_cumulative_gain_at_25",
        "precision_at_5",
        "precision_at_10",
        "precision_at_25",
    }


def test_a_perfect_list_scores_one_and_a_useless_one_zero():
    truth = [np.array([7, 3])]
    perfect = ranking_metrics([np.array([3, 7, *range(10, 33)])], truth, 40)
    useless = ranking_metrics([np.arange(10, 35)], truth, 40)
    assert perfect["normalized_discounted_cumulative_gain_at_5"] == pytest.approx(1.0)
    assert perfect["mean_reciprocal_rank_at_25"] == 1.0
    assert useless["normalized_discounted_cumulative_gain_at_25"] == 0.0


def test_an_item_bought_twice_is_one_relevant_item():
    once = ranking_metrics([np.arange(25)], [np.array([4])], 25)
    twice = ranking_metrics([np.arange(25)], [np.array([4, 4])], 25)
    assert once == twice


def test_true_items_that_the_model_does_not_know_are_misses():
    known = ranking_metrics([np.arange(25)], [np.array([0])], 25)
    with_unknown = ranking_metrics([np.arange(25)], [np.array([0, -1])], 25, unknown=[1])
    assert (
        with_unknown["normalized_discounted_cumulative_gain_at_5"]
        < known["normalized_discounted_cumulative_gain_at_5"]
    )
