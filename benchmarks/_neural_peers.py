"""The published neural recommenders that the recipes are measured against, small, in JAX and scipy.

Each is trained on the events of an `EventLog` and gives a scorer (`_peers.Scorer`) of histories, also of users that it
never saw. Sequence models are trained on windows of `WINDOW` events to predict every next one, by the softmax over all
items, with Adam and a cosine schedule.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy.sparse as sp

from benchmarks._peers import Histories, Scorer, seen_matrix
from localpersonalize.recipes.base.interactions import EventLog

WINDOW, SIZE, BLOCKS = 50, 64, 2
BATCH = 64
EPOCHS = {"SASRec": 25, "GRU4Rec": 20}
RATE, DROPOUT = 2e-3, 0.3
Tree = dict[str, Any]


def sasrec(log: EventLog, seed: int) -> Scorer:
    """Kang and McAuley, "Self-attentive sequential recommendation" (2018), with the full softmax that Petrov and
    Macdonald, "gSASRec" (2023), found to cure its overconfidence.
    """
    rng = np.random.default_rng(seed)
    blocks = [
        {name: _dense(rng, SIZE, SIZE) for name in ("query", "key", "value", "first", "second")}
        for _ in range(BLOCKS)
    ]
    parameters = {"positions": _dense(rng, WINDOW, SIZE), "blocks": blocks}
    return _train(_attention, parameters, log, rng, EPOCHS["SASRec"])


def gru4rec(log: EventLog, seed: int) -> Scorer:
    """Hidasi et al., "Session-based recommendations with recurrent neural networks" (2016), with the softmax."""
    rng = np.random.default_rng(seed)
    parameters = {"input": _dense(rng, SIZE, 3 * SIZE), "recurrent": _dense(rng, SIZE, 3 * SIZE)}
    return _train(_gru, parameters, log, rng, EPOCHS["GRU4Rec"])


def lightgcn(log: EventLog, seed: int, layers: int = 2, epochs: int = 240, batch: int = 8192) -> Scorer:
    """He et al., "LightGCN" (2020). Its propagation is linear, so that its gradient is the propagation again. A user
    that it never saw is the propagation of the items.
    """
    rng = np.random.default_rng(seed)
    users, items = len(log.users), len(log.items)
    seen = seen_matrix(log.user, log.item, users, items)
    graph = _normalised(sp.bmat([[None, seen], [seen.T, None]], format="csr"))
    vectors = rng.normal(0, 0.1, (users + items, SIZE)).astype(np.float32)
    moments = np.zeros((2, *vectors.shape), np.float32)
    steps = epochs * max(1, seen.nnz // batch)
    user, item = seen.nonzero()
    for step in range(1, steps + 1):
        pick = rng.integers(0, len(user), batch)
        rows = user[pick], users + item[pick], users + rng.integers(0, items, batch)
        spread = _propagated(graph, vectors, layers)
        anchor, positive, negative = (spread[row] for row in rows)
        margin = (anchor * (positive - negative)).sum(axis=1)
        slope = (-1 / (1 + np.exp(margin)) / batch)[:, None].astype(np.float32)
        changes = slope * (positive - negative), slope * anchor, -slope * anchor
        gradient = sp.csr_matrix(
            (np.ones(3 * batch, np.float32), (np.concatenate(rows), np.arange(3 * batch))),
            (len(vectors), 3 * batch),
        ) @ np.concatenate(changes)
        gradient = _propagated(graph, gradient, layers) + 1e-6 * vectors
        moments[0] = 0.9 * moments[0] + 0.1 * gradient
        moments[1] = 0.999 * moments[1] + 0.001 * gradient**2
        first, second = moments[0] / (1 - 0.9**step), moments[1] / (1 - 0.999**step)
        vectors -= 1e-2 * first / (np.sqrt(second) + 1e-8)
    spread = _propagated(graph, vectors, layers)[users:]
    weight = 1.0 / np.sqrt(np.maximum(np.asarray(seen.sum(axis=0)).ravel(), 1.0))

    def score(histories: Histories) -> np.ndarray:
        own = [history[history >= 0] for history in histories]
        queries = np.stack([(spread[one] * weight[one, None]).sum(axis=0) / np.sqrt(len(one)) for one in own])
        return np.asarray(queries @ spread.T)

    return score


NEURAL_PEERS = {"SASRec": sasrec, "GRU4Rec": gru4rec, "LightGCN": lightgcn}


def _normalised(graph: sp.csr_matrix) -> sp.csr_matrix:
    scale = sp.diags(1.0 / np.sqrt(np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)).astype(np.float32))
    return (scale @ graph @ scale).tocsr()


def _propagated(graph: sp.csr_matrix, vectors: np.ndarray, layers: int) -> np.ndarray:
    total = vectors.copy()
    for _ in range(layers):
        vectors = graph @ vectors
        total += vectors
    return total / (layers + 1)


def _dense(rng: np.random.Generator, rows: int, columns: int) -> jax.Array:
    return jnp.asarray(rng.normal(0, np.sqrt(2.0 / (rows + columns)), (rows, columns)), jnp.float32)


def _dropout(values: jax.Array, key: jax.Array, rate: float) -> jax.Array:
    return values * jax.random.bernoulli(key, 1 - rate, values.shape) / (1 - rate)


def _normed(values: jax.Array) -> jax.Array:
    centred = values - values.mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt((centred**2).mean(-1, keepdims=True) + 1e-6)


def _attention(parameters: Tree, items: jax.Array, key: jax.Array, rate: float) -> jax.Array:
    keys = iter(jax.random.split(key, 1 + 2 * BLOCKS))
    states = _dropout(parameters["items"][items] + parameters["positions"], next(keys), rate)
    allowed = jnp.tril(jnp.ones((WINDOW, WINDOW), bool)) & (items > 0)[:, None, :] | jnp.eye(
        WINDOW, dtype=bool
    )
    for block in parameters["blocks"]:
        normed = _normed(states)
        affinity = (normed @ block["query"]) @ jnp.swapaxes(normed @ block["key"], 1, 2) / np.sqrt(SIZE)
        attention = jax.nn.softmax(jnp.where(allowed, affinity, -1e9), -1)
        states = states + _dropout(attention @ (normed @ block["value"]), next(keys), rate)
        hidden = jax.nn.relu(_normed(states) @ block["first"])
        states = states + _dropout(hidden @ block["second"], next(keys), rate)
    return _normed(states)


def _gru(parameters: Tree, items: jax.Array, key: jax.Array, rate: float) -> jax.Array:
    before, after = jax.random.split(key)
    inputs = _dropout(parameters["items"][items], before, rate) @ parameters["input"]
    is_event = (items > 0)[..., None]

    def step(state: jax.Array, now: Any) -> tuple[jax.Array, jax.Array]:
        event, is_here = now
        own = state @ parameters["recurrent"]
        gates = jax.nn.sigmoid(event[:, : 2 * SIZE] + own[:, : 2 * SIZE])
        candidate = jnp.tanh(event[:, 2 * SIZE :] + gates[:, :SIZE] * own[:, 2 * SIZE :])
        update = gates[:, SIZE:]
        state = jnp.where(is_here, (1 - update) * candidate + update * state, state)
        return state, state

    start = jnp.zeros((items.shape[0], SIZE))
    _, states = jax.lax.scan(step, start, (jnp.swapaxes(inputs, 0, 1), jnp.swapaxes(is_event, 0, 1)))
    return _dropout(jnp.swapaxes(states, 0, 1), after, rate)


def _train(network: Any, parameters: Tree, log: EventLog, rng: np.random.Generator, epochs: int) -> Scorer:
    """Item 0 stands for none: items are numbered from 1."""
    count = len(log.items) + 1
    parameters |= {
        "items": jnp.asarray(rng.normal(0, 0.1, (count, SIZE)), jnp.float32),
        "bias": jnp.zeros(count),
    }
    windows = _windows(log)
    steps = epochs * (len(windows) // BATCH)
    optimiser = optax.adam(optax.warmup_cosine_decay_schedule(0.0, RATE, steps // 20, steps, RATE / 50))

    def loss(parameters: Tree, window: jax.Array, key: jax.Array) -> jax.Array:
        states = network(parameters, window[:, :-1], key, DROPOUT)
        target = window[:, 1:]
        logits = states @ parameters["items"].T + parameters["bias"]
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, target)
        weight = (target > 0) * 1.0
        return (losses * weight).sum() / jnp.maximum(weight.sum(), 1.0)

    @jax.jit
    def update(parameters: Tree, moments: Any, window: Any, key: jax.Array) -> tuple[Tree, Any]:
        changes, moments = optimiser.update(jax.grad(loss)(parameters, window, key), moments)
        return optax.apply_updates(parameters, changes), moments

    moments, key = optimiser.init(parameters), jax.random.PRNGKey(0)
    for _ in range(epochs):
        windows = rng.permutation(windows)
        for begin in range(0, len(windows) - BATCH + 1, BATCH):
            key, now = jax.random.split(key)
            parameters, moments = update(parameters, moments, windows[begin : begin + BATCH], now)

    def score(histories: Histories) -> np.ndarray:
        ends = [
            np.append(np.zeros(WINDOW, np.int64), history[history >= 0] + 1)[-WINDOW:]
            for history in histories
        ]
        states = network(parameters, jnp.asarray(np.stack(ends)), key, 0.0)[:, -1]
        return np.asarray(states @ parameters["items"].T + parameters["bias"])[:, 1:]

    return score


def _windows(log: EventLog) -> np.ndarray:
    """Every event of every user once as what is predicted; int64 [windows, WINDOW + 1], 0 for none, at the left."""
    rows = []
    for begin, end in pairwise(log.starts.tolist()):
        for stop in range(end, begin + 1, -WINDOW):
            events = log.item[max(begin, stop - WINDOW - 1) : stop] + 1
            rows.append(np.pad(events, (WINDOW + 1 - len(events), 0)))
    return np.stack(rows).astype(np.int64)
