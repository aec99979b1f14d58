import numpy as np
import pytest

from localpersonalize.recipes.base.logits import ITEMS_AT_A_TIME, MANY_ITEMS, logits


@pytest.mark.parametrize("queries", [1, 2, 7, 24, 25])
@pytest.mark.parametrize("items", [3, MANY_ITEMS, MANY_ITEMS + ITEMS_AT_A_TIME // 3])
def test_a_few_queries_of_many_items_get_what_any_get(queries, items):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(queries, 8)).astype(np.float32)
    right = rng.normal(size=(items, 8)).astype(np.float32)
    bias = rng.normal(size=items).astype(np.float32)
    bias[0] = -np.inf
    np.testing.assert_allclose(logits(left, right, bias), left @ right.T + bias, atol=1e-5)
