from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.knn.similar_items import SimilarItems, SimilarItemsHyperparameters
from localpersonalize.recipes.registry import load_model
from tests.support.planted import tastes


def best(model, item, k):
    return model.items.ids[top_k(model.score([Request(item_id=item)])[0], k)].tolist()


@pytest.fixture
def similar():
    return SimilarItems().train(tastes(cold=3), SimilarItemsHyperparameters(), TrainingOptions())


def test_similar_items_share_users(similar):
    assert {int(item[1:]) % 2 for item in best(similar, "i4", 10)} == {0}


def test_an_item_without_events_is_similar_to_its_genre(similar):
    assert {int(item[1:]) % 2 for item in best(similar, "i61", 10)} == {1}


def test_an_unknown_item_gets_the_popular_ones(similar):
    users = similar.users[top_k(similar.score([Request(item_id="?")])[0], 5)]
    assert users.min() >= np.sort(similar.users)[-5]


def test_a_saved_model_takes_in_new_items(similar, tmp_path):
    similar.save(tmp_path)
    model = load_model(tmp_path)
    model.add_items(pa.table({"ITEM_ID": ["late"], "GENRE": ["blue"]}))
    assert {int(item[1:]) % 2 for item in best(model, "late", 10)} == {1}
    assert best(model, "i4", 5) == best(similar, "i4", 5)


@pytest.mark.parametrize("dimensions", [30, 60, 200])
def test_metadata_of_many_values_are_compared_in_as_many_dimensions_as_are_asked_for(dimensions, tmp_path):
    """Makers make things of one kind, so that items of two makers of a kind are alike in fewer dimensions."""
    data = tastes(cold=3)
    rows = data.items.to_pylist()
    for row in rows:
        number = int(row["ITEM_ID"][1:])
        row["MAKER"] = f"{row['GENRE']}-{number % 40}|{row['GENRE']}-{(number + 14) % 40}"
    data = replace(data, items=pa.Table.from_pylist(rows), schemas={})
    hyperparameters = SimilarItemsHyperparameters(item_metadata_hidden_dim=dimensions)
    model = SimilarItems().train(data, hyperparameters, TrainingOptions())
    width = model.features.width
    assert width > 30
    assert model.metadata.shape[1] == min(dimensions, width, len(rows) - 1)
    assert {int(item[1:]) % 2 for item in best(model, "i61", 10)} == {1}
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    new = {"ITEM_ID": "late", "GENRE": "blue", "MAKER": "blue-1|blue-15"}
    loaded.add_items(pa.Table.from_pylist([new | {name: None for name in rows[0] if name not in new}]))
    assert {int(item[1:]) % 2 for item in best(loaded, "late", 10)} == {1}
