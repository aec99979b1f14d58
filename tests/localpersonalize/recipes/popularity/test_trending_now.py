import numpy as np
import pytest

from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from localpersonalize.recipes.popularity.trending_now import TrendingHyperparameters, TrendingNow
from localpersonalize.recipes.registry import load_model
from tests.support.planted import DAY, START, data_of


def best(model, item, k):
    return model.items.ids[top_k(model.score([Request(item_id=item)])[0], k)].tolist()


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


def test_events_that_come_while_it_serves_count(tmp_path):
    """Source: the developer guide, "Trending-Now recipe": trends are evaluated every interval."""
    model = trending()
    model.save(tmp_path)
    model = load_model(tmp_path)
    data = rising().interactions
    ids = [*model.items.ids.tolist(), "comet"]
    items = [ids.index(item) for item in data["ITEM_ID"].to_pylist()] + [ids.index("comet")] * 400
    later = START + 10 * DAY + 7200
    times = [*data["TIMESTAMP"].to_pylist(), *(later - n for n in range(400))]
    model.follow_events(ids, np.array(items, np.int32), np.array(times, np.int64))
    assert best(model, None, 1) == ["comet"]
    assert model.score([Request()]).shape == (1, len(model.items))
