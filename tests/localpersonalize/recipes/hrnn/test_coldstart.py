import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.coldstart import (
    ColdstartHyperparameters,
    HrnnColdstart,
    cold_items,
)
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)
from tests.support.planted import DAY, START, best, data_of, request, tastes

RED = ["i0", "i8", "i4", "i12"]


SMALL = {"hidden_dimension": 32}


def with_cold_items(cold: int = 110) -> TrainingData:
    old = tastes(users=100)
    newest = int(max(old.interactions["TIMESTAMP"].to_pylist()))
    now = newest + 30 * DAY
    fresh = [
        (f"u{(7 * n + k) % 100 // 2 * 2 + n % 2}", f"c{n}", now - 2 * DAY + 60 * k)
        for n in range(cold)
        for k in range(3)
    ]
    late = [("u1", "i1", now)]
    events = pa.concat_tables([old.interactions, data_of(fresh + late).interactions])
    films = pa.table(
        {
            "ITEM_ID": [f"i{n}" for n in range(60)] + [f"c{n}" for n in range(cold)],
            "GENRE": [("red", "blue")[n % 2] for n in [*range(60), *range(cold)]],
        }
    )
    return TrainingData(events, None, films, old.schemas)


def test_new_items_are_recommended_by_coldstart_and_not_by_popularity():
    """Each cold item has 3 interactions and is two days old."""
    data = with_cold_items()
    recipe = HrnnColdstart()
    settings = ColdstartHyperparameters(**SMALL)
    recipe.check(data, settings, TrainingOptions())
    model = recipe.train(data, settings, TrainingOptions())
    recommended = best(model, request(model, RED), 500)
    assert len(recommended) == 110
    assert all(item.startswith("c") for item in recommended)
    red = [int(item[1:]) % 2 == 0 for item in recommended[:10]]
    assert sum(red) >= 8
    popular = PopularityCount().train(data, Hyperparameters(), TrainingOptions())
    assert all(item.startswith("i") for item in best(popular, request(popular, RED), 25))


def test_too_few_cold_items_fail_with_the_reason():
    with pytest.raises(TrainingError, match=r"between 100 and 80000, but is 20.*cold_start_max_duration"):
        HrnnColdstart().check(with_cold_items(20), ColdstartHyperparameters(), TrainingOptions())


@pytest.mark.parametrize(
    ("settings", "now", "expected"),
    [
        ({}, None, ["new"]),
        ({"cold_start_max_duration": 30.0}, None, ["new", "older"]),
        ({"cold_start_max_interactions": 2}, None, []),
        ({"cold_start_relative_from": "currentTime"}, START + 108 * DAY, []),
    ],
)
def test_which_items_are_cold(settings, now, expected):
    days = {"new": (98, 99, 100), "older": (80, 100), "busy": [99] * 20, "ancient": (0, 100)}
    events = [(f"u{n}", item, START + day * DAY) for item in days for n, day in enumerate(days[item])]
    log = EventLog.of(data_of(events))
    cold = cold_items(log, ColdstartHyperparameters(**settings), now)
    assert log.items.ids[cold].tolist() == expected
