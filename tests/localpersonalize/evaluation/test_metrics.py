import numpy as np
import pytest

from localpersonalize.evaluation.metrics import (
    average_rewards_at_k,
    gain_over_truth,
    ranking_metrics,
    segment_metrics,
    trend_prediction_accuracy,
)


def test_the_example_of_the_guide():
    """Source: the developer guide, "Evaluating a solution version with metrics", Example: the second and the fifth
    recommendation are relevant."""
    ranked = [np.arange(1, 26)]
    for truth in ([2, 5], [2, 5, 77, 78, 79], [2, 5, 20]):
        metrics = ranking_metrics(ranked, [np.array(truth)], catalogue=25)
        assert round(metrics["mean_reciprocal_rank_at_25"], 4) == 0.5
        assert round(metrics["normalized_discounted_cumulative_gain_at_5"], 4) == 0.6241
        assert round(metrics["precision_at_5"], 4) == 0.4


def test_mean_reciprocal_rank_of_the_guide():
    """Source: the same page, "mean reciprocal rank at 25"."""
    ranked, hits = [np.arange(1, 26)] * 3, [[4, 10], [2, 4, 12], [6]]
    metrics = ranking_metrics(ranked, [np.array(h) for h in hits], catalogue=25)
    assert round(metrics["mean_reciprocal_rank_at_25"], 4) == 0.3056


def test_precision_of_the_guide():
    """Source: the same page, "precision at K": 3 of 10."""
    metrics = ranking_metrics([np.arange(1, 26)], [np.array([1, 5, 10])], catalogue=25)
    assert metrics["precision_at_10"] == pytest.approx(0.3)


def test_rewards_of_the_guide():
    """Source: the same page, "average_rewards_at_k": revenue of what was clicked among the 25 most expensive
    recommendations, over that of all that was clicked."""
    rewards = np.arange(100.0)
    ranked = [np.arange(50)]  # the 25 most expensive of them are 25 to 49
    assert average_rewards_at_k(ranked, [np.array([30])], rewards) == 1.0
    assert average_rewards_at_k(ranked, [np.array([30, 10])], rewards) == pytest.approx(30 / 40)
    assert average_rewards_at_k(ranked * 2, [np.array([30]), np.array([5])], rewards) == pytest.approx(0.5)
    assert average_rewards_at_k(ranked, [np.array([99])], rewards) == 0.0  # not recommended


def test_trend_prediction_accuracy_of_the_guide():
    """Source: the same page: the recommended items' increase over that of the 25 fastest."""
    growth = np.array([5.0] * 25 + [1.0] * 25)
    assert trend_prediction_accuracy(np.arange(25), growth) == 1.0
    assert trend_prediction_accuracy(np.arange(25, 50), growth) == pytest.approx(0.2)
    assert trend_prediction_accuracy(np.arange(25), np.full(50, -1.0)) == 0.0


def test_metrics_of_segments():
    """Source: the same page, hit and recall at K, and the names in AWS's sample notebook on user segmentation."""
    predicted, truth = [{1, 2}, {3, 4}], [{1, 2, 5, 6}, {9}]
    assert segment_metrics(predicted, truth, users=8) == {
        "coverage": 0.5,
        "hits_at_1_percent": 1.0,
        "recall_at_1_percent": 0.25,
    }
    assert set(segment_metrics([], [], 0).values()) == {0.0}


def test_metrics_of_three_users():
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
    assert gain_over_truth(ranked, [np.array(h) for h in hits], 10) == pytest.approx(
        (first + second + third) / 3
    )
    second = (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3))
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


def test_true_items_that_the_model_does_not_know_are_misses_of_the_gain_over_the_truth():
    known = gain_over_truth([np.arange(25)], [np.array([0])], 5)
    with_unknown = gain_over_truth([np.arange(25)], [np.array([0, -1])], 5, unknown=[1])
    assert with_unknown < known == 1.0
