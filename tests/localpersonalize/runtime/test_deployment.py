from __future__ import annotations

import numpy as np

from localpersonalize.runtime.deployment import memory_bytes
from tests.support.localpersonalize.planted_runtime import NextItem


def test_memory_counts_arrays_once() -> None:
    model = NextItem()
    before = memory_bytes(model)
    model.weights = np.zeros(1000, np.float32)  # type: ignore[attr-defined]
    model.same = [model.weights]  # type: ignore[attr-defined]
    assert memory_bytes(model) - before == 4000
