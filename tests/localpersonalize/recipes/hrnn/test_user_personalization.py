import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.objective import Objective
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.user_personalization import (
    ExplorationHyperparameters,
    PersonalizationHyperparameters,
    PersonalizedRanking,
    UserPersonalization,
)
from tests.support.planted import START, best, data_of, request, tastes

RED = ["i0", "i8", "i4", "i12"]


BLUE = ["i1", "i9", "i5", "i13"]


SMALL = {"hidden_dimension": 32}


def logit(model, history, item):
    return model.score([request(model, history)])[0][model.items.index_of(item)]


def test_a_given_list_is_ordered_for_the_user():
    settings = PersonalizationHyperparameters(**SMALL)
    model = PersonalizedRanking().train(tastes(), settings, TrainingOptions())
    assert model.needs == "ranking"
    listed = model.items.index(["i21", "i20", "i23", "i22"])
    ranked = listed[np.argsort(-model.score([request(model, RED)])[0][listed])]
    assert set(model.items.ids[ranked[:2]]) == {"i20", "i22"}


def test_ignored_items_lose_and_dear_ones_win_and_an_update_brings_new_items():
    base = tastes(users=120)
    impressions = pa.array([f"i2|{item}" for item in base.interactions["ITEM_ID"].to_pylist()])
    data = TrainingData(
        base.interactions.append_column("IMPRESSION", impressions),
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


def test_an_update_goes_on_from_what_was_fitted_not_from_what_was_added_to_it():
    base = tastes(users=120)
    impressions = pa.array([f"i2|{item}" for item in base.interactions["ITEM_ID"].to_pylist()])
    with_impressions = TrainingData(
        base.interactions.append_column("IMPRESSION", impressions), None, base.items, {}
    )
    plain = TrainingData(base.interactions, None, base.items, {})
    recipe, settings, options = UserPersonalization(), ExplorationHyperparameters(**SMALL), TrainingOptions()
    from_impressions, from_plain = (
        recipe.update(recipe.train(data, settings, options), plain, settings, options)
        for data in (with_impressions, plain)
    )
    assert np.array_equal(from_impressions.parameters["bias"], from_plain.parameters["bias"])
