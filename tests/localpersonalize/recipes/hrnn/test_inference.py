import numpy as np
import pytest

from localpersonalize.recipes.base.model import Request
from tests.support.planted import request


def test_numpy_answers_what_jax_trained(chained):
    jnp = pytest.importorskip("jax.numpy")
    from localpersonalize.recipes.hrnn import network
    from localpersonalize.recipes.hrnn.batching import gap_feature
    from localpersonalize.recipes.hrnn.inference import query

    query_request = request(chained, ["i1", "i2", "i3", "i4"])
    times = query_request.history_times + np.array([0, 0, 7200, 7200])
    query_request = Request(history_items=query_request.history_items, history_times=times)
    vectors = np.concatenate(
        [np.zeros((1, chained.vectors.shape[1])), chained.vectors[query_request.history_items]]
    )
    gaps = np.concatenate([[0, 0], np.diff(times)])
    state = network.zero_state(1, *chained.parameters["output_session"].shape)
    new = np.array([[1.0, 0, 0, 0, 0]])
    _, queries = network.forward(
        chained.parameters,
        state,
        jnp.asarray(vectors[None]),
        jnp.asarray(gap_feature(gaps)[None]),
        jnp.asarray(new),
        jnp.asarray((gaps > 1800).astype(np.float32)[None]),
    )
    ours = query(chained.parameters, chained._state([query_request]))
    assert np.allclose(np.asarray(queries)[0, -1], ours[0], atol=1e-4)
