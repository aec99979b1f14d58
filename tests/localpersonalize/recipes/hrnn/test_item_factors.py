"""The closed form that networks start from, on data whose rank is known."""

import numpy as np

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.hrnn.item_factors import item_vectors
from tests.support.planted import START, data_of


def products(log: EventLog, size: int) -> np.ndarray:
    vectors = item_vectors(log, size, seed=1)
    found = vectors @ vectors.T
    return found / np.trace(found)


def test_directions_that_are_rounding_change_nothing():
    """Ten items, each with a twin that the same users take: ten directions, however many are asked for."""
    taken = np.random.default_rng(3).random((60, 10)) < np.linspace(0.1, 0.9, 10)
    events = [
        (f"u{u}", f"{twin}{i}", START + i) for u, i in zip(*taken.nonzero(), strict=True) for twin in "ab"
    ]
    log = EventLog.of(data_of(events))
    assert len(log.items) == 20
    assert np.abs(products(log, 10) - products(log, 19)).max() < 0.01
