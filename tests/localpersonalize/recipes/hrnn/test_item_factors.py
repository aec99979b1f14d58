"""The closed form that networks start from, on data whose rank is known."""

import numpy as np
import pytest

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.hrnn.item_factors import item_vectors
from tests.support.planted import START, data_of


@pytest.mark.parametrize("size", [12, 19, 64])
def test_vectors_have_one_scale_however_few_directions_the_data_has(size):
    """Ten items, each with a twin that the same users take: ten directions; the others are rounding."""
    matrix = np.random.default_rng(3).random((60, 10)) < np.linspace(0.1, 0.9, 10)
    events = [
        (f"u{user}", f"{twin}{item}", START + item)
        for user, item in zip(*matrix.nonzero(), strict=True)
        for twin in "ab"
    ]
    vectors = item_vectors(EventLog.of(data_of(events)), size, seed=1)
    carrying = vectors[:, vectors.std(axis=0) > 0.2]
    assert carrying.shape == (20, 10)
    assert carrying.std() == pytest.approx(1.0, abs=0.05)
