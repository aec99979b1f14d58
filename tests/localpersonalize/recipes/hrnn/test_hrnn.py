import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters, HrnnMetadata, recency_weight
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)
from tests.support.planted import START, best, chain, data_of, request, tastes


def train(data, seed=0, **hyperparameters):
    return Hrnn().train(data, HrnnHyperparameters(**hyperparameters), TrainingOptions(seed=seed))


def test_it_learns_what_follows_what(chained):
    right = [best(chained, request(chained, [f"i{n}", f"i{n + 1}"]), 1) == [f"i{n + 2}"] for n in range(20)]
    assert sum(right) >= 18


def test_popularity_does_not_learn_what_follows_what():
    data = chain()
    model = PopularityCount().train(data, Hyperparameters(), TrainingOptions())
    right = [best(model, request(model, [f"i{n}", f"i{n + 1}"]), 1) == [f"i{n + 2}"] for n in range(20)]
    assert sum(right) <= 2


def test_it_follows_the_order_of_events_not_just_what_they_are(chained):
    assert best(chained, request(chained, ["i9", "i4"]), 1) == ["i5"]
    assert best(chained, request(chained, ["i4", "i9"]), 1) == ["i10"]


def test_an_unknown_user_gets_a_sensible_start(chained):
    scores = chained.score([Request(user_id="new")])[0]
    assert np.isfinite(scores).all()
    assert scores.std() > 0


def test_the_same_seed_gives_the_same_model_and_another_seed_another():
    data = chain(users=30, items=12, length=8)
    first, repeated, other = train(data, seed=1), train(data, seed=1), train(data, seed=2)
    query = [request(first, ["i1", "i2"])]
    assert np.array_equal(first.score(query), repeated.score(query))
    assert not np.allclose(first.score(query), other.score(query), atol=1e-3)


def test_newer_events_weigh_more_only_with_the_recency_mask():
    time = np.array([0, 50, 100])
    assert (np.diff(recency_weight(time, True)) > 0).all()
    assert recency_weight(time, False).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "value"),
    [("hidden_dimension", "31"), ("hidden_dimension", "257"), ("bptt", "1"), ("bptt", "33")],
)
def test_the_documented_ranges_are_kept(name, value):
    with pytest.raises(ValueError, match=name):
        HrnnHyperparameters.parse({name: value}, "aws-hrnn")


def test_the_documented_defaults():
    defaults = HrnnHyperparameters.parse({}, "aws-hrnn")
    assert (defaults.hidden_dimension, defaults.bptt, defaults.recency_mask) == (43, 32, True)
    assert (defaults.min_user_history_length_percentile, defaults.max_user_history_length_percentile) == (
        0,
        0.99,
    )


RED = ["i0", "i8", "i4", "i12"]


BLUE = ["i1", "i9", "i5", "i13"]


SMALL = {"hidden_dimension": 32}


def logit(model, history, item):
    return model.score([request(model, history)])[0][model.items.index_of(item)]


def test_two_groups_of_taste_are_told_apart(with_metadata):
    red = best(with_metadata, request(with_metadata, RED), 10)
    blue = best(with_metadata, request(with_metadata, BLUE), 10)
    assert {int(item[1:]) % 2 for item in red} == {0}
    assert {int(item[1:]) % 2 for item in blue} == {1}


def test_an_item_without_events_is_ranked_by_its_genre(with_metadata):
    """Items 60 to 65 have no events; even ones are red."""
    for new_red, new_blue in (("i60", "i61"), ("i62", "i63")):
        assert logit(with_metadata, RED, new_red) > logit(with_metadata, RED, new_blue)
        assert logit(with_metadata, BLUE, new_blue) > logit(with_metadata, BLUE, new_red)


def test_without_metadata_an_item_without_events_is_not_recommended():
    model = Hrnn().train(tastes(users=60, cold=1), HrnnHyperparameters(**SMALL), TrainingOptions())
    assert logit(model, RED, "i60") == -np.inf
    model.add_items(pa.table({"ITEM_ID": ["late"], "GENRE": ["red"]}))
    assert "late" not in model.items


def test_what_only_the_users_metadata_tell_is_learned():
    """Histories say nothing: everybody starts with the same item, then takes what people of that age take."""
    rng = np.random.default_rng(0)
    ages = ["young" if n % 2 else "old" for n in range(240)]
    events = []
    for user, age in enumerate(ages):
        events.append((f"u{user}", "start", START + 1000 * user))
        events.append((f"u{user}", f"{age}{rng.integers(5)}", START + 1000 * user + 60))
    users = pa.table({"USER_ID": [f"u{n}" for n in range(240)], "AGE": ages})
    field = {"name": "AGE", "type": "string", "categorical": True}
    data = TrainingData(data_of(events).interactions, users, None, {"users": {"fields": [field]}})
    model = HrnnMetadata().train(data, HrnnHyperparameters(**SMALL), TrainingOptions())
    history = request(model, ["start"])
    for age in ("young", "old"):
        query = Request(None, None, history.history_items, history.history_times, user={"AGE": age})
        assert best(model, query, 3)[0].startswith(age)


def test_what_only_the_context_tells_is_learned():
    rng = np.random.default_rng(0)
    rows = []
    for user in range(200):
        for step in range(4):
            device = ("PHONE", "TV")[int(rng.integers(2))]
            rows.append((f"u{user}", f"{device}{rng.integers(4)}", START + 1000 * user + 60 * step, device))
    user, item, time, device = zip(*rows, strict=True)
    table = pa.table({"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": time, "DEVICE": device})
    field = {"name": "DEVICE", "type": "string", "categorical": True}
    data = TrainingData(table, schemas={"interactions": {"fields": [field]}})
    model = HrnnMetadata().train(data, HrnnHyperparameters(**SMALL), TrainingOptions())
    for queries in ("PHONE", "TV"):
        assert best(model, Request(context={"device": queries}), 1)[0].startswith(queries)
