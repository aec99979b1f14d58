import numpy as np
import pyarrow as pa
import pytest

from localpersonalize.recipes.base.data import TrainingError
from localpersonalize.recipes.base.objective import Objective
from localpersonalize.recipes.base.vocabulary import Vocabulary
from tests.support.planted import data_of

ITEMS = Vocabulary(["cheap", "usual", "dear"])


def data(prices):
    return data_of(
        [("u", "cheap", 1)], items=pa.table({"ITEM_ID": ["cheap", "usual", "dear"], "PRICE": prices})
    )


def test_the_bias_is_the_rank_of_the_attribute():
    bias = Objective.of({"itemAttribute": "price", "objectiveSensitivity": "HIGH"}).bias(
        data([1, 5, 900]), ITEMS
    )
    assert bias.tolist() == pytest.approx([-1.0, 0.0, 1.0])


def test_no_attribute_is_no_objective_and_an_unknown_sensitivity_is_refused():
    assert Objective.of(None) is None
    with pytest.raises(ValueError, match="EXTREME is none of OFF, LOW, MEDIUM, HIGH"):
        Objective.of({"itemAttribute": "price", "objectiveSensitivity": "EXTREME"})


@pytest.mark.parametrize(
    ("prices", "reason"), [([1, None, 3], "has nulls"), (["a", "b", "c"], "not numeric")]
)
def test_an_attribute_must_be_numbers_without_nulls(prices, reason):
    with pytest.raises(TrainingError, match=reason):
        Objective("PRICE", 1.0).values(data(prices), ITEMS)


def test_items_that_the_dataset_lacks_count_as_zero():
    values = Objective("PRICE", 1.0).values(data([1, 5, 900]), Vocabulary(["dear", "unheard of"]))
    assert np.array_equal(values, [900.0, 0.0])
