import pytest

from localpersonalize.evaluation import evaluate, splitting
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from tests.support.planted import shuffled_events


def test_coverage_counts_items_of_both_datasets():
    split = splitting.split(shuffled_events(users=40, events=20, items=50), seed=0)
    model = PopularityCount().train(split.train, Hyperparameters(), TrainingOptions())
    assert evaluate.evaluate(model, split)["coverage"] == pytest.approx(25 / split.catalogue)
    assert split.catalogue == 51


def test_seen_items_are_only_left_out_on_request():
    split = splitting.split(shuffled_events(events=40, items=45), seed=0)
    model = PopularityCount().train(split.train, Hyperparameters(), TrainingOptions())
    seen = [set(model.items.index(user.items).tolist()) for user in split.held_out]
    with_history = evaluate.recommend(model, split.held_out, 10)
    left_out = evaluate.recommend(model, split.held_out, 10, include_history=False)
    assert any(seen[n] & set(ranked.tolist()) for n, ranked in enumerate(with_history))
    assert not any(seen[n] & set(ranked.tolist()) for n, ranked in enumerate(left_out))
