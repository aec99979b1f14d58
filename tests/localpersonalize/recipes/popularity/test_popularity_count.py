import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)
from localpersonalize.recipes.registry import load_model
from tests.support.planted import data_of


def train(data):
    return PopularityCount().train(data, Hyperparameters(), TrainingOptions())


def test_users_are_counted_not_events():
    often_by_one = [("u1", "loop", t) for t in range(10)]
    once_by_three = [(f"u{n}", "liked", n) for n in range(3)]
    model = train(data_of(often_by_one + once_by_three))
    scores = model.score([Request(user_id="anybody")])[0]
    assert model.items.ids[top_k(scores, 2)].tolist() == ["liked", "loop"]
    assert scores[model.items.index_of("liked")] == 3


def test_everybody_gets_the_same():
    model = train(data_of([("u1", "a", 1), ("u2", "b", 2), ("u2", "a", 3)]))
    scores = model.score([Request(user_id="u1"), Request(user_id="u2"), Request()])
    assert (scores == scores[0]).all()


def test_an_item_without_events_is_never_recommended():
    items = pa.table({"ITEM_ID": ["a", "unseen"]})
    model = train(data_of([("u1", "a", 1)], items=items))
    assert model.items.ids[top_k(model.score([Request()])[0], 5)].tolist() == ["a"]


def test_a_saved_model_answers_the_same(tmp_path):
    model = train(data_of([("u1", "a", 1), ("u2", "b", 2), ("u2", "a", 3)]))
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert np.array_equal(loaded.score([Request()]), model.score([Request()]))
    assert loaded.items.ids.tolist() == model.items.ids.tolist()
