import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.knn.similar_items import SimilarItems, SimilarItemsHyperparameters
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from localpersonalize.recipes.popularity.trending_now import TrendingHyperparameters, TrendingNow
from localpersonalize.recipes.registry import load_model
from tests.support.planted import DAY, START, data_of, tastes


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


def rising():
    """`star` was popular all along; `rocket` rose in the newest hours; `flash` rose two days ago."""
    end = START + 10 * DAY
    hours = range(240)
    events = [(f"u{h}", "star", START + 3600 * h + k) for h in hours for k in range(3)]
    events += [(f"v{k}", "rocket", end - 60 * k) for k in range(1, 40)]
    events += [(f"w{k}", "flash", end - 2 * DAY - 60 * k) for k in range(60)]
    return data_of(events)


def trending(**settings):
    return TrendingNow().train(rising(), TrendingHyperparameters(**settings), TrainingOptions())


def test_what_rises_now_is_trending_and_what_is_merely_popular_is_not():
    assert best(trending(), None, 1) == ["rocket"]
    popular = PopularityCount().train(rising(), Hyperparameters(), TrainingOptions())
    assert best(popular, None, 1) == ["star"]


def test_a_trend_that_is_over_is_not_trending():
    scores = trending().score([Request()])[0]
    assert scores[trending().items.index_of("flash")] <= 0.1


def test_the_frequency_must_be_one_of_the_services():
    with pytest.raises(ValueError, match="one of 30 minutes, 1 hour, 3 hours, 1 day"):
        TrendingHyperparameters.parse({"trend_discovery_frequency": "2 weeks"}, "aws-trending-now")
