import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.evaluation import evaluate
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)


def data(users=40, events=20, items=50, seed=1, shuffle=True):
    rng = np.random.default_rng(seed)
    rows = [(f"u{u}", f"i{rng.integers(items)}", u * 1000 + e) for u in range(users) for e in range(events)]
    if shuffle:
        rows = [rows[n] for n in rng.permutation(len(rows))]
    user, item, time = zip(*rows, strict=True)
    return TrainingData(
        pa.table({"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": pa.array(time, pa.int64())}),
        items=pa.table({"ITEM_ID": [f"i{n}" for n in range(items)] + ["new"]}),
    )


def test_a_tenth_of_the_users_is_held_out_and_not_trained_on():
    whole = data()
    split = evaluate.split(whole, seed=3)
    held = {user.user_id for user in split.held_out}
    trained = set(split.train.interactions["USER_ID"].to_pylist())
    assert len(held) == 4
    assert held.isdisjoint(trained)
    assert held | trained == set(whole.interactions["USER_ID"].to_pylist())


def test_input_is_the_oldest_nine_tenths_and_truth_the_rest_in_order_of_time():
    for user in evaluate.split(data(), seed=3).held_out:
        assert len(user.items) == 18
        assert len(user.truth) == 2
        assert (np.diff(user.times) > 0).all()
        assert user.now == user.times[-1] + 1


def test_the_seed_decides_who_is_held_out():
    def held(seed):
        return [user.user_id for user in evaluate.split(data(), seed).held_out]

    assert held(1) == held(1)
    assert held(1) != held(2)


def test_users_with_one_event_are_never_held_out():
    lonely = TrainingData(
        pa.table({"USER_ID": ["a", "b", "c", "c"], "ITEM_ID": ["x"] * 4, "TIMESTAMP": [1, 2, 3, 4]})
    )
    assert [user.user_id for user in evaluate.split(lonely, 0).held_out] == ["c"]


def test_metrics_of_the_guides_example():
    """Reciprocal ranks 1/4, 1/2, 1/6; precision at 5: 1, 2 and 0 hits; gains by hand."""
    hits = [[4, 10], [2, 4, 12], [6]]
    ranked = [np.arange(1, 26)] * 3
    metrics = evaluate.measure(ranked, [np.array(h) for h in hits], catalogue=50)
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
    metrics = evaluate.measure([np.arange(25)], [np.array([0])], 25)
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
    perfect = evaluate.measure([np.array([3, 7, *range(10, 33)])], truth, 40)
    useless = evaluate.measure([np.arange(10, 35)], truth, 40)
    assert perfect["normalized_discounted_cumulative_gain_at_5"] == pytest.approx(1.0)
    assert perfect["mean_reciprocal_rank_at_25"] == 1.0
    assert useless["normalized_discounted_cumulative_gain_at_25"] == 0.0


def test_an_item_bought_twice_is_one_relevant_item():
    once = evaluate.measure([np.arange(25)], [np.array([4])], 25)
    twice = evaluate.measure([np.arange(25)], [np.array([4, 4])], 25)
    assert once == twice


def test_true_items_that_the_model_does_not_know_are_misses():
    known = evaluate.measure([np.arange(25)], [np.array([0])], 25)
    with_unknown = evaluate.measure([np.arange(25)], [np.array([0, -1])], 25, unknown=[1])
    assert (
        with_unknown["normalized_discounted_cumulative_gain_at_5"]
        < known["normalized_discounted_cumulative_gain_at_5"]
    )


def test_coverage_counts_items_of_both_datasets():
    split = evaluate.split(data(users=40, events=20, items=50), seed=0)
    model = PopularityCount().train(split.train, Hyperparameters(), TrainingOptions())
    assert evaluate.evaluate(model, split)["coverage"] == pytest.approx(25 / split.catalogue)
    assert split.catalogue == 51


def test_seen_items_are_only_left_out_on_request():
    split = evaluate.split(data(events=40, items=45), seed=0)
    model = PopularityCount().train(split.train, Hyperparameters(), TrainingOptions())
    seen = [set(model.items.index(user.items).tolist()) for user in split.held_out]
    kept = evaluate.recommend(model, split.held_out, 10)
    left_out = evaluate.recommend(model, split.held_out, 10, keep_seen=False)
    assert any(seen[n] & set(ranked.tolist()) for n, ranked in enumerate(kept))
    assert not any(seen[n] & set(ranked.tolist()) for n, ranked in enumerate(left_out))
