import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.objective import Objective
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.coldstart import (
    ColdstartHyperparameters,
    HrnnColdstart,
    cold_items,
)
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters, HrnnMetadata
from localpersonalize.recipes.hrnn.user_personalization import (
    ExplorationHyperparameters,
    PersonalizationHyperparameters,
    PersonalizedRanking,
    UserPersonalization,
)
from localpersonalize.recipes.popularity.popularity_count import (
    PopularityCount,
)
from localpersonalize.recipes.registry import load_model
from tests.support.planted import DAY, START, best, data_of, request, tastes

RED = ["i0", "i8", "i4", "i12"]
BLUE = ["i1", "i9", "i5", "i13"]
SMALL = {"hidden_dimension": 32}


@pytest.fixture(scope="module")
def with_metadata():
    data = tastes(cold=3)
    return HrnnMetadata().train(data, HrnnHyperparameters(**SMALL), TrainingOptions())


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


def test_an_item_that_came_after_training_is_ranked_by_its_genre(with_metadata, tmp_path):
    with_metadata.save(tmp_path)
    model = load_model(tmp_path)
    model.add_items(pa.table({"ITEM_ID": ["late red", "i0", "late blue"], "GENRE": ["red", "red", "blue"]}))
    assert model.items.ids[-2:].tolist() == ["late red", "late blue"]
    assert logit(model, RED, "late red") > logit(model, RED, "late blue")
    assert logit(model, BLUE, "late blue") > logit(model, BLUE, "late red")


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
        asked = Request(None, None, history.history_items, history.history_times, user={"AGE": age})
        assert best(model, asked, 3)[0].startswith(age)


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
    for wanted in ("PHONE", "TV"):
        assert best(model, Request(context={"device": wanted}), 1)[0].startswith(wanted)


# --- cold start ---


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


# --- ranking, personalization ---


def test_a_given_list_is_ordered_for_the_user():
    settings = PersonalizationHyperparameters(**SMALL)
    model = PersonalizedRanking().train(tastes(), settings, TrainingOptions())
    assert model.needs == "ranking"
    listed = model.items.index(["i21", "i20", "i23", "i22"])
    ranked = listed[np.argsort(-model.score([request(model, RED)])[0][listed])]
    assert set(model.items.ids[ranked[:2]]) == {"i20", "i22"}


def test_ignored_items_lose_and_dear_ones_win_and_an_update_brings_new_items():
    base = tastes(users=120)
    shown = pa.array([f"i2|{item}" for item in base.interactions["ITEM_ID"].to_pylist()])
    data = TrainingData(
        base.interactions.append_column("IMPRESSION", shown),
        None,
        base.items.append_column("PRICE", pa.array([100.0 if n == 6 else 1.0 for n in range(60)])),
        {},
    )
    settings = ExplorationHyperparameters(**SMALL)
    plain = UserPersonalization().train(
        TrainingData(base.interactions, None, data.items), settings, TrainingOptions()
    )
    objective = Objective("PRICE", 1.5)
    recipe = UserPersonalization()
    model = recipe.train(data, settings, TrainingOptions(objective=objective))
    gain = model.parameters["bias"] - plain.parameters["bias"]
    ignored, dear, usual = model.items.index(["i2", "i6", "i20"])
    assert gain[ignored] < gain[usual] - 0.3
    assert gain[dear] > gain[usual]
    more = data_of([(f"u{n}", "brand new", START + 10**7 + n) for n in range(0, 120, 2)])
    grown = TrainingData(pa.concat_tables([base.interactions, more.interactions]), None, data.items)
    updated = recipe.update(plain, grown, settings, TrainingOptions())
    assert np.isfinite(logit(updated, RED, "brand new"))
    assert {int(item[1:]) % 2 for item in best(updated, request(updated, BLUE), 5)} == {1}
