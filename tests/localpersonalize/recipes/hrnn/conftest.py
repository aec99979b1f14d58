"""Two trained networks that the tests of this folder ask, trained once."""

from __future__ import annotations

import pytest

from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.hrnn import Hrnn, HrnnHyperparameters, HrnnMetadata
from localpersonalize.recipes.hrnn.model import HrnnModel
from tests.support.planted import chain, tastes


@pytest.fixture(scope="session")
def chained() -> HrnnModel:
    """aws-hrnn on data where one item follows the other."""
    return Hrnn().train(chain(), HrnnHyperparameters(), TrainingOptions(seed=0))


@pytest.fixture(scope="session")
def with_metadata() -> HrnnModel:
    """aws-hrnn-metadata on data of two tastes, with items that have no events."""
    return HrnnMetadata().train(tastes(cold=3), HrnnHyperparameters(hidden_dimension=32), TrainingOptions())
