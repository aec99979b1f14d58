import numpy as np
import pytest

from benchmarks import news
from benchmarks.trending import day_ahead, decayed, of_interval
from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.popularity.popularity_count import PopularityCount
from localpersonalize.recipes.popularity.trending_now import (
    INTERVAL_SECONDS,
    TrendingHyperparameters,
    TrendingNow,
    growth_of_items,
    trend_of_items,
    trend_scores,
)
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


@pytest.mark.parametrize(("frequency", "seconds"), INTERVAL_SECONDS.items())
def test_without_events_in_the_last_two_intervals_popular_items_are_recommended(frequency, seconds, tmp_path):
    """Source: the developer guide, "Trending-Now recipe"."""
    trending(trend_discovery_frequency=frequency).save(tmp_path)
    model = load_model(tmp_path)
    newest = int(np.max(rising().interactions["TIMESTAMP"]))
    requests = [Request(now=newest + 2 * seconds), Request(now=newest + 2 * seconds + 1)]
    assert [model.items.ids[top_k(row, 1)][0] for row in model.score(requests)] == ["rocket", "star"]
    items = np.full(50, model.items.index_of("flash"), np.int32)
    later = np.full(50, newest + 3 * seconds, np.int64)
    model.follow_events(model.items.ids.tolist(), items, later)
    assert [model.items.ids[top_k(row, 1)][0] for row in model.score(requests)] == ["flash", "flash"]


def test_a_model_of_version_0_1_answers_as_it_did(tmp_path):
    model = trending()
    scores = trend_scores(model.trend, model.popularity).astype(np.float32)
    scores[model.items.index_of("flash")] = -np.inf
    serialization.write(tmp_path, model.recipe, model.items, {"scores": scores}, seconds=model.seconds)
    old = load_model(tmp_path)
    for now in (0, START + 99 * DAY):
        row = old.score([Request(now=now)])[0]
        assert top_k(row, 5).tolist() == top_k(scores, 5).tolist()


@pytest.mark.parametrize("frequency", INTERVAL_SECONDS)
@pytest.mark.parametrize("hour", [0, 8, 13, 20])
def test_what_is_read_at_this_hour_of_every_day_comes_after_what_is_read_as_much_for_the_first_time(
    frequency, hour
):
    reads = [2, 2, 2, 2, 2, 4, 20, 40, 50, 30, 20, 25, 40, 30, 20, 20, 25, 30, 40, 60, 80, 60, 30, 8]
    daily = np.concatenate(
        [START + h * 3600 + np.arange(reads[h % 24]) * 3600 // reads[h % 24] for h in range(9 * 24 + hour)]
    )
    new = daily[daily > daily[-1] - 20 * 3600]
    item = np.repeat([0, 1], [len(daily), len(new)])
    trend = trend_of_items(item, np.concatenate([daily, new]), 2, INTERVAL_SECONDS[frequency])
    assert trend[1] > 1.5 * trend[0] > 0


@pytest.mark.parametrize("frequency", INTERVAL_SECONDS)
def test_of_two_items_with_as_many_events_the_one_that_still_rises_comes_first(frequency):
    end = START + 3 * DAY
    rising = end - np.sort((np.random.default_rng(1).random(200) ** 2 * 8 * 3600).astype(int))
    falling = end - 8 * 3600 + (end - rising)
    item = np.repeat([0, 1], 200)
    trend = trend_of_items(item, np.concatenate([falling, rising]), 2, INTERVAL_SECONDS[frequency])
    assert trend[1] > 1.3 * trend[0]


@pytest.mark.parametrize("frequency", INTERVAL_SECONDS)
@pytest.mark.parametrize("lasting", [0, 10])
def test_on_a_news_site_the_next_days_reads_are_found_as_well_as_by_a_count_that_fades(frequency, lasting):
    sites = [
        news.stream(days=40, articles_a_day=20, reads=20, lasting=lasting, seed=seed) for seed in (10, 11, 12)
    ]

    def trends(known):
        return trend_of_items(known.item, known.time, known.items, INTERVAL_SECONDS[frequency])

    ours = np.mean([day_ahead(site, trends) for site in sites])
    assert ours >= 0.98 * np.mean([day_ahead(site, decayed(6)) for site in sites])
    plain = of_interval(growth_of_items, INTERVAL_SECONDS[frequency])
    assert ours > 1.1 * np.mean([day_ahead(site, plain) for site in sites])


def test_items_that_do_not_rise_are_ordered_by_popularity():
    scores = trend_scores(np.array([-3.0, 0.0, 2.0, 0.0]), np.array([10, 5, 1, 0]))
    assert np.argsort(-scores).tolist() == [2, 0, 1, 3]
    assert scores[3] == -np.inf
