import pytest

from localpersonalize.recipes.base.options import TrainingOptions, TrainingStoppedError
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters
from tests.support.planted import chain


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
