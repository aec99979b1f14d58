from itertools import count

import numpy as np
import pytest

from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.knn.neighbours import Packing
from localpersonalize.recipes.knn.sims import Sims, SimsHyperparameters
from localpersonalize.recipes.registry import load_model
from tests.support.planted import data_of

ALL = {
    "min_user_history_length_percentile": 0.0,
    "max_user_history_length_percentile": 1.0,
    "min_item_interaction_count_percentile": 0.0,
    "max_item_interaction_count_percentile": 1.0,
}


def train(data, **hyperparameters):
    return Sims().train(data, SimsHyperparameters(**(ALL | hyperparameters)), TrainingOptions())


def best(model, item, k=10):
    return model.items.ids[top_k(model.score([Request(item_id=item)])[0], k)].tolist()


def checkerboard(users=20, items=8):
    """Even users have all even items, odd users all odd ones; everybody has the hit."""
    clock = count()
    events = [(f"u{u}", f"i{i}", next(clock)) for u in range(users) for i in range(u % 2, items, 2)]
    return events + [(f"u{u}", "hit", next(clock)) for u in range(users)]


def test_items_of_the_same_users_are_similar_and_those_of_others_are_not():
    model = train(data_of(checkerboard()))
    assert set(best(model, "i0", 4)) == {"i2", "i4", "i6", "hit"}
    assert set(best(model, "i3", 4)) == {"i1", "i5", "i7", "hit"}


def test_the_discount_decides_how_much_popularity_counts():
    data = data_of(checkerboard())
    scores = {
        factor: train(data, popularity_discount_factor=factor).score([Request(item_id="i0")])[0]
        for factor in (0.0, 1.0)
    }
    hit, peer = train(data).items.index(["hit", "i2"])
    assert scores[0.0][hit] == pytest.approx(scores[0.0][peer])
    assert scores[1.0][hit] < scores[1.0][peer]


def test_a_pair_with_too_few_common_users_is_not_similar():
    events = [*checkerboard(), ("x1", "i0", 900), ("x1", "rare", 901), ("x2", "rare", 902), ("x2", "i0", 903)]
    strict, lax = (
        train(data_of(events), min_cointeraction_count=3),
        train(data_of(events), min_cointeraction_count=2),
    )
    rare = strict.items.index_of("rare")
    assert strict.score([Request(item_id="i0")])[0][rare] < 0 < lax.score([Request(item_id="i0")])[0][rare]


def test_an_unknown_item_gets_the_popular_ones():
    model = train(data_of(checkerboard()))
    assert best(model, "never seen", 1) == ["hit"]
    assert best(model, None, 1) == ["hit"]


def test_an_item_is_not_similar_to_itself():
    model = train(data_of(checkerboard()))
    assert "i0" not in best(model, "i0", 100)


def test_nearness_in_a_history_makes_similar():
    """`a` is always followed by `b`; `c` is as popular, with the same users, but at the other end."""
    clock = count()
    events = []
    for user in range(10):
        filler = [f"f{user}-{n}" for n in range(40)]
        events += [(f"u{user}", item, next(clock)) for item in ["c", *filler, "a", "b"]]
    model = train(data_of(events))
    assert best(model, "a", 1) == ["b"]
    assert best(model, "b", 1) == ["a"]


def test_a_user_counts_once_for_a_pair():
    """One user going back and forth between two items is not many users."""
    events = checkerboard() + [("loop", ("i0", "odd")[n % 2], 1000 + n) for n in range(60)]
    model = train(data_of(events))
    assert model.score([Request(item_id="i0")])[0][model.items.index_of("odd")] < 0


def test_users_with_too_long_a_history_are_left_out():
    robots = [("robot", f"i{n}", 2000 + n) for n in range(8)] * 3
    events = checkerboard() + [("robot2", i, t) for _, i, t in robots] + robots
    model = train(data_of(events), min_cointeraction_count=1, max_user_history_length_percentile=0.9)
    assert model.score([Request(item_id="i0")])[0][model.items.index_of("i1")] < 0


def test_of_very_popular_items_only_the_newest_events_train():
    old = [(f"old{n}", item, n) for n in range(200) for item in ("hit", "bygone")]
    new = [(f"new{n}", item, 1000 + n) for n in range(50) for item in ("hit", "current")]
    model = train(data_of(old + new), max_item_interaction_count_percentile=0.05)
    assert best(model, "hit", 1) == ["current"]


def test_threads_do_not_change_the_model():
    data = data_of(checkerboard())
    one, two = (
        Sims().train(data, SimsHyperparameters(**ALL), TrainingOptions(threads=threads)) for threads in (1, 2)
    )
    requests = [Request(item_id=item) for item in one.items.ids]
    assert np.array_equal(one.score(requests), two.score(requests))


def test_the_size_of_the_integers_that_count_does_not_change_the_model(monkeypatch):
    data = data_of([*checkerboard(), ("x1", "i0", 900), ("x1", "i1", 901)])
    small = train(data, min_cointeraction_count=1)
    monkeypatch.setattr(Packing, "of", lambda most_users: Packing(32, np.int64))
    large = train(data, min_cointeraction_count=1)
    requests = [Request(item_id=item) for item in small.items.ids]
    assert np.array_equal(small.score(requests), large.score(requests))


def test_a_saved_model_answers_the_same(tmp_path):
    model = train(data_of(checkerboard()))
    model.save(tmp_path)
    requests = [Request(item_id=item) for item in model.items.ids]
    assert np.array_equal(load_model(tmp_path).score(requests), model.score(requests))
