import numpy as np

from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters
from tests.support.planted import best, data_of, request


def train(data, seed=0, **hyperparameters):
    return Hrnn().train(data, HrnnHyperparameters(**hyperparameters), TrainingOptions(seed=seed))


def test_items_that_nobody_repeats_are_not_recommended_again():
    events = [
        (f"u{user}", f"i{(user * 7 + n * 3) % 60}", 1000 * user + n) for user in range(100) for n in range(12)
    ]
    model = train(data_of(events))
    history = [f"i{n}" for n in range(0, 36, 3)]
    assert not set(best(model, request(model, history), 20)) & set(history)


def test_items_that_everybody_repeats_are_recommended_again():
    rng = np.random.default_rng(0)
    events = []
    for user in range(300):
        own = rng.choice(20, 3, replace=False)
        events += [(f"u{user}", f"i{rng.choice(own)}", 10_000 * user + 60 * n) for n in range(12)]
    model = train(data_of(events))
    history = ["i3", "i14", "i3", "i17", "i14", "i17", "i3"]
    assert set(best(model, request(model, history), 3)) == {"i3", "i14", "i17"}
