import numpy as np

from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters
from tests.support.planted import data_of


def train(data, seed=0, **hyperparameters):
    return Hrnn().train(data, HrnnHyperparameters(**hyperparameters), TrainingOptions(seed=seed))


def test_a_pause_begins_a_session_with_a_taste_of_its_own():
    """A session keeps to one kind of item but for strays; after a pause the kind is drawn anew."""
    rng = np.random.default_rng(0)
    events = []
    for user in range(150):
        time = 100_000 * user
        for _ in range(4):
            kind = int(rng.integers(4))
            time += 7200
            for position in range(6):
                stray = position > 0 and rng.random() < 0.15
                category = int(rng.integers(4)) if stray else kind
                time += 60
                events.append((f"u{user}", f"{'abcd'[category]}{rng.integers(6)}", time))
    model = train(data_of(events))
    items = model.items.index(["a1", "a4", "a2", "a5", "b3"])
    steady = np.array([0, 60, 120, 180, 240])
    scores = model.score(
        [
            Request(history_items=items, history_times=steady),
            Request(history_items=items, history_times=steady + np.array([0, 0, 0, 0, 7200])),
        ]
    )
    of_kind = [[model.items.index_of(f"{kind}{n}") for n in range(6)] for kind in "ab"]
    lead = scores[:, of_kind[1]].mean(axis=1) - scores[:, of_kind[0]].mean(axis=1)
    assert lead[1] > lead[0]
    assert lead[1] > 0
