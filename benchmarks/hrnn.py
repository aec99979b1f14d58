"""Events that aws-hrnn trains a second, beside a plain GRU of the same size, written in JAX as one would.

Both: 1 million generated interactions of 20,000 users with 50,000 items, 64-dimensional item vectors, 43 hidden
units, 32 steps through time, the same lanes and the same 1,024 sampled negatives a step. The plain one has no
sessions, memory, dropout, metadata or recency. Seconds are of a whole epoch after compilation; memory is the
peak of the process.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.hrnn import network
from localpersonalize.recipes.hrnn.batching import SequenceBatches

HIDDEN, SIZE, TIME, NEGATIVE_SAMPLES = 43, 64, 32, 1024


def generate(events: int, users: int, items: int, seed: int = 0) -> EventLog:
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1, users)
    popularity = 1.0 / np.arange(1, items + 1) ** 0.8
    user = np.sort(rng.choice(users, events, p=activity / activity.sum())).astype(np.int32)
    item = rng.choice(items, events, p=popularity / popularity.sum()).astype(np.int32)
    row = np.arange(events)
    names = [Vocabulary([str(n) for n in range(count)]) for count in (users, items)]
    starts = np.searchsorted(user, np.arange(users + 1))
    return EventLog(names[0], names[1], user, item, row * 300, np.ones(events, np.float32), row, starts)


def ours(log: EventLog, lanes: int) -> float:
    """Seconds of an epoch."""
    counts = np.bincount(log.item, minlength=len(log.items))
    none = np.zeros((1, 0), np.float32)
    inputs = network.Inputs(
        log.item, log.user, np.zeros((len(log.items), 0), np.float32), none, none, counts / counts.sum()
    )
    vectors = np.random.default_rng(0).normal(0, 0.3, (len(log.items), SIZE)).astype(np.float32)
    tree = network.initial(vectors, np.log(counts + 1.0).astype(np.float32), HIDDEN, (0, 0, 0), 0)
    ends = []
    network.train(
        tree,
        inputs,
        lambda rng: SequenceBatches.of(log, log.weight, lanes, TIME, rng),
        network.TrainingPlan(lanes, TIME, epochs=3, samples=NEGATIVE_SAMPLES),
        lambda fraction, message: ends.append(time.perf_counter()) if "loss" in message else None,
    )
    return min(np.diff(ends))


def plain(log: EventLog, lanes: int) -> float:
    """Seconds of an epoch of an ordinary GRU with an ordinary sampled softmax."""
    rng = np.random.default_rng(0)
    items = len(log.items)
    shapes = {
        "items": (items, SIZE),
        "input": (SIZE, 3 * HIDDEN),
        "hidden": (HIDDEN, 3 * HIDDEN),
        "output": (HIDDEN, SIZE),
    }
    weights: dict[str, Any] = {k: jnp.asarray(rng.normal(0, 0.1, s), jnp.float32) for k, s in shapes.items()}
    weights["bias"] = jnp.zeros(items)
    optimiser = optax.adam(3e-3)

    def loss(weights: Any, state: jax.Array, read: Any, new: Any, target: Any, drawn: Any) -> Any:
        inputs = weights["items"][read] @ weights["input"]

        def step(hidden: jax.Array, now: Any) -> Any:
            event, begins = now
            hidden = network.gru(event, hidden * (1.0 - begins)[:, None], weights["hidden"])
            return hidden, hidden

        state, states = jax.lax.scan(step, state, (jnp.swapaxes(inputs, 0, 1), new.T))
        queries = jnp.swapaxes(states, 0, 1) @ weights["output"]
        right = (queries * weights["items"][target]).sum(-1) + weights["bias"][target]
        wrong = queries @ weights["items"][drawn].T + weights["bias"][drawn]
        return (jnp.logaddexp(jax.nn.logsumexp(wrong, -1), right) - right).mean(), state

    @jax.jit
    def update(weights: Any, moments: Any, state: Any, *batch: Any) -> Any:
        (_, state), slope = jax.value_and_grad(loss, has_aux=True)(weights, state, *batch)
        change, moments = optimiser.update(slope, moments, weights)
        return optax.apply_updates(weights, change), moments, state

    moments, seconds = optimiser.init(weights), []
    for _ in range(3):
        started = time.perf_counter()
        layout = SequenceBatches.of(log, log.weight, lanes, TIME, rng)
        state = jnp.zeros((lanes, HIDDEN))
        for number in range(len(layout)):
            row = layout.row[number]
            batch = log.item[np.maximum(row - 1, 0)], layout.new[number], log.item[row]
            drawn = rng.integers(0, items, NEGATIVE_SAMPLES)
            weights, moments, state = update(weights, moments, state, *batch, drawn)
        jax.block_until_ready(state)
        seconds.append(time.perf_counter() - started)
    return min(seconds[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=50_000)
    arguments = parser.parse_args()
    log = generate(arguments.events, arguments.events // 50, arguments.items)
    lanes = int(np.clip(len(log) // 6000, 4, 128))
    peer = plain(log, lanes)
    print(f"plain GRU: {peer:.1f} s an epoch", flush=True)
    seconds = ours(log, lanes)
    print(f"aws-hrnn: {seconds:.1f} s an epoch", flush=True)
    print(
        json.dumps(
            {
                "benchmark": "hrnn",
                "ours": round(len(log) / seconds),
                "peer": round(len(log) / peer),
                "peer_name": "plain JAX GRU of the same size",
                "unit": "events a second",
                "ratio": round(peer / seconds, 2),
                "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
