import pytest

from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from localpersonalize.recipes.popularity.trending_now import TrendingHyperparameters, TrendingNow
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
