import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.actions.next_best_action import NextBestAction
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.hyperparameters import Hyperparameters
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.registry import load_model


@pytest.fixture
def model():
    """Everybody is shown both actions twice; `subscribe` is mostly taken, but `loyal` only takes `renew`."""
    rows = [(f"u{n}", "subscribe", "Taken") for n in range(20)] + [
        (f"u{n}", "renew", "viewed") for n in range(20)
    ]
    rows += [("loyal", "renew", "taken")] * 20 + [("loyal", "subscribe", "not taken")] * 20
    user, action, kind = zip(*rows, strict=True)
    table = pa.table(
        {
            "USER_ID": user,
            "ITEM_ID": action,
            "EVENT_TYPE": kind,
            "TIMESTAMP": pa.array(range(len(rows)), pa.int64()),
        }
    )
    return NextBestAction().train(TrainingData(table), Hyperparameters(), TrainingOptions())


def test_a_users_own_record_outweighs_that_of_all(model):
    subscribe, renew = model.items.index(["subscribe", "renew"])
    stranger, loyal = np.exp(model.score([Request(user_id="stranger"), Request(user_id="loyal")]))
    assert stranger[subscribe] == pytest.approx(21 / 42)
    assert loyal[renew] > 0.8 > 0.2 > loyal[subscribe]


def test_a_saved_model_answers_the_same(model, tmp_path):
    model.save(tmp_path)
    requests = [Request(user_id="loyal"), Request(user_id="u1"), Request()]
    assert np.allclose(load_model(tmp_path).score(requests), model.score(requests))
