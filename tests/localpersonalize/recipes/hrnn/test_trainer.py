import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.options import TrainingOptions, TrainingStoppedError
from localpersonalize.recipes.hrnn import trainer
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters
from tests.support.planted import best, chain, request


def test_training_stops_when_asked():
    options = TrainingOptions(should_stop=lambda: True)
    with pytest.raises(TrainingStoppedError):
        Hrnn().train(chain(users=30, items=12, length=8), HrnnHyperparameters(), options)


def test_progress_and_loss_are_told():
    messages = []
    data = chain(users=30, items=12, length=8)
    Hrnn().train(data, HrnnHyperparameters(), TrainingOptions(progress=lambda f, m: messages.append((f, m))))
    losses = [float(message.split("loss ")[1]) for _, message in messages if "loss" in message]
    assert losses[-1] < losses[0]
    assert [fraction for fraction, _ in messages] == sorted(fraction for fraction, _ in messages)


def steps_of(training):
    """The model, and how often it went over the data."""
    messages = []
    model = training(TrainingOptions(progress=lambda fraction, message: messages.append(message)))
    return model, sum("loss" in message for message in messages)


def right(model):
    """How many of the items that nearly always come next are the first recommendation, of 20."""
    return sum(best(model, request(model, [f"i{n}", f"i{n + 1}"]), 1) == [f"i{n + 2}"] for n in range(20))


def test_the_model_that_serves_goes_on_from_the_measured_one_and_is_as_good():
    data = chain()
    users = data.interactions["USER_ID"].to_pylist()
    held_out = set(sorted(set(users))[::10])
    part = TrainingData(data.interactions.filter(pa.array([user not in held_out for user in users])))
    recipe, settings = Hrnn(), HrnnHyperparameters()
    measured, _ = steps_of(lambda options: recipe.train(part, settings, options))
    anew, whole = steps_of(lambda options: recipe.train(data, settings, options))
    finished, fewer = steps_of(lambda options: recipe.finish(measured, data, settings, options))
    assert fewer <= 0.4 * whole
    assert finished.items.ids.tolist() == anew.items.ids.tolist()
    assert right(finished) >= min(right(anew), 18)


def test_a_few_negatives_teach_what_all_items_do(monkeypatch):
    monkeypatch.setattr(trainer, "FULL_SOFTMAX_ITEMS", 1)
    monkeypatch.setattr(trainer, "NEGATIVE_SAMPLES", 10)
    assert right(Hrnn().train(chain(), HrnnHyperparameters(), TrainingOptions(seed=0))) >= 18
