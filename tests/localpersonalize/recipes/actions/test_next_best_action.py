"""Propensities of actions. Source: the developer guide, "Next-Best-Action recipe"."""

import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.actions.next_best_action import MIN_EVENTS, WINDOW_SECONDS, NextBestAction
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.base.ranking import top_k
from localpersonalize.recipes.registry import load_model

NOW = 1_700_000_000


def trained(rows, actions=None):
    """A model of (user, action, event type, seconds ago)."""
    user, action, kind, ago = zip(*rows, strict=True)
    times = pa.array([NOW - seconds for seconds in ago], pa.int64())
    table = pa.table({"USER_ID": user, "ITEM_ID": action, "EVENT_TYPE": kind, "TIMESTAMP": times})
    return NextBestAction().train(TrainingData(table, items=actions), Hyperparameters(), TrainingOptions())


def events_of(action, accepted=60, viewed=60, ago=0, user="u"):
    rows = [(f"{user}{n}", action, "Taken", ago) for n in range(accepted)]
    return rows + [(f"{user}{n}", action, "VIEWED", ago) for n in range(viewed)]


@pytest.fixture
def model():
    """`subscribe` is taken half of the time, `renew` less; `loyal` only takes `renew`."""
    rows = events_of("subscribe", 100, 100) + events_of("renew", 50, 150)
    rows += [("loyal", "renew", "taken", 0)] * 20 + [("loyal", "subscribe", "NOT_TAKEN", 0)] * 20
    return trained(rows)


def propensities(model, user="stranger"):
    return dict(zip(model.items.ids.tolist(), model.score([Request(user_id=user)])[0].tolist(), strict=True))


def test_a_users_own_record_outweighs_that_of_all(model):
    stranger, loyal = propensities(model), propensities(model, "loyal")
    assert stranger["subscribe"] == pytest.approx(101 / 222)
    assert loyal["renew"] > 0.8 > 0.2 > loyal["subscribe"]


def test_propensities_are_of_each_action_alone(model):
    scores = model.score([Request(user_id="loyal"), Request()])
    assert ((scores >= 0) & (scores <= 1)).all()
    alone = propensities(trained(events_of("subscribe", 100, 100)))["subscribe"]
    among = propensities(trained(events_of("subscribe", 100, 100) + events_of("renew", 50, 150)))["subscribe"]
    assert alone == among
    assert (
        sum(propensities(trained([row for n in range(9) for row in events_of(f"a{n}", 90, 60)])).values()) > 1
    )


def test_without_fifty_of_each_kind_a_propensity_is_zero():
    few = MIN_EVENTS - 1
    rows = events_of("known") + events_of("hardly-taken", few, 100) + events_of("hardly-declined", 100, few)
    rows += events_of("long-ago", ago=WINDOW_SECONDS + 1) + [("u", "other", "seen", 0)] * 200
    model = trained(rows)
    assert {action for action, score in propensities(model).items() if score > 0} == {"known"}


def test_equal_actions_are_ordered_by_value():
    names = ["a", "b", "c", "new"]
    actions = pa.table({"ITEM_ID": names, "VALUE": [1, 9, None, 5]})
    model = trained([row for name in "abc" for row in events_of(name)], actions)
    best = top_k(model.score([Request()])[0], 4)
    assert model.items.ids[best].tolist() == ["b", "a", "c", "new"]


def test_actions_that_came_after_training_have_none_yet(model):
    model.add_items(pa.table({"ITEM_ID": ["refer", "renew"]}))
    assert propensities(model)["refer"] == 0.0
    assert len(model.items) == 3


def test_a_saved_model_answers_the_same(model, tmp_path):
    model.save(tmp_path)
    requests = [Request(user_id="loyal"), Request(user_id="u1"), Request()]
    assert np.allclose(load_model(tmp_path).score(requests), model.score(requests))
