"""The hierarchical recurrent network, its loss and its training, in JAX.

A GRU over the events of a session runs inside a GRU over a user's sessions (Quadrana et al., "Personalizing
session-based recommendations with hierarchical recurrent neural networks", 2017), trained to predict every
next event with a softmax over all items, or over samples of them (Hidasi and Karatzoglou, "Recurrent neural
networks with top-k gains for session-based recommendations", 2018). Beside the GRUs a memory of recent items
decays by half every ten events (Ma et al., "Temporal-contextual recommendation in real-time", 2020, weigh
events by recency likewise); it is what the closed-form item vectors need to recommend well before any
training, and the GRUs learn what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from localpersonalize.recipes.hrnn.batching import SequenceBatches
from localpersonalize.recipes.hrnn.inference import MEMORY_DECAY

Tree = dict[str, Any]
OF_ITEMS = ("items", "bias")
LEARNING_RATE_FACTORS = {"item_features": 0.1, "user_features": 0.3, "context": 0.3}
"""A feature moves many items or users at once, so it learns slower than the items' own vectors."""


@dataclass(frozen=True)
class TrainingPlan:
    """How to train. `samples`: negatives a step shares, 0 for the softmax over all items."""

    lanes: int
    time: int
    epochs: int
    samples: int = 0
    rate: float = 3e-3
    input_dropout: float = 0.5
    output_dropout: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Inputs:
    """Arrays that batches look up in.

    `item`, `user`: int32 [events], of each event; `item_features`: float32 [items, width]; `user_features`:
    float32 [users, width]; `context`: float32 [events, width]. Widths may be 0. `frequency`: float [items],
    the share of events that are of each item.
    """

    item: np.ndarray
    user: np.ndarray
    item_features: np.ndarray
    user_features: np.ndarray
    context: np.ndarray
    frequency: np.ndarray


def initial(
    vectors: np.ndarray, bias: np.ndarray, hidden: int, widths: tuple[int, int, int], seed: int
) -> Tree:
    """Parameters before training.

    :param vectors: item vectors to start from, float32 [items, embedding].
    :param bias: float32 [items].
    :param widths: features of items, users and contexts.
    """
    size = vectors.shape[1]
    rng = np.random.default_rng(seed)

    def dense(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0.0, np.sqrt(2.0 / (rows + columns)), (rows, columns)).astype(np.float32)

    def zeros(*shape: int) -> np.ndarray:
        return np.zeros(shape, np.float32)

    return {
        "items": vectors,
        "bias": bias,
        "item_features": zeros(widths[0], size),
        "user_features": zeros(widths[1], size),
        "context": zeros(widths[2], size),
        "input": dense(size + 1, 3 * hidden),
        "input_bias": zeros(3 * hidden),
        "session_recurrent": dense(hidden, 3 * hidden),
        "user_input": dense(hidden, 3 * hidden),
        "user_bias": zeros(3 * hidden),
        "user_recurrent": dense(hidden, 3 * hidden),
        "begin": dense(hidden, hidden),
        "begin_bias": zeros(hidden),
        "output_session": dense(hidden, size),
        "output_user": dense(hidden, size),
        "output_bias": zeros(size),
        "memory": np.full(size, 0.3, np.float32),
    }


def gru(inputs: jax.Array, state: jax.Array, recurrent: jax.Array) -> jax.Array:
    to_reset, to_update, to_candidate = jnp.split(inputs, 3, -1)
    own_reset, own_update, own_candidate = jnp.split(state @ recurrent, 3, -1)
    reset = jax.nn.sigmoid(to_reset + own_reset)
    update = jax.nn.sigmoid(to_update + own_update)
    candidate = jnp.tanh(to_candidate + reset * own_candidate)
    return candidate + update * (state - candidate)


def zero_state(lanes: int, hidden: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Session state, user state and memory of users who did nothing yet, float32 [lanes, their width] each."""
    nothing = np.zeros((lanes, hidden), np.float32)
    return nothing, nothing, np.zeros((lanes, size), np.float32)


def memories(vectors: jax.Array, new: jax.Array, before: jax.Array) -> jax.Array:
    """The decaying sums of the vectors read since a user began, after each event, [lanes, time, embedding].

    :param before: the sum before the first event, [lanes, embedding].
    """
    user, time = jnp.cumsum(new, axis=1), np.arange(new.shape[1])
    age = time[:, None] - time
    weight = np.where(age < 0, 0.0, MEMORY_DECAY ** np.maximum(age, 0)).astype(np.float32)
    of_lane = jnp.where(user[:, :, None] == user[:, None], weight, 0.0)
    left = jnp.where(user == 0, (MEMORY_DECAY ** (time + 1)).astype(np.float32), 0.0)
    return of_lane @ vectors + left[..., None] * before[:, None]


def _no_dropout(values: jax.Array, where: str) -> jax.Array:
    return values


def forward(
    parameters: Tree,
    state: Any,
    vectors: jax.Array,
    gap: jax.Array,
    new: jax.Array,
    session: jax.Array,
    dropout: Callable[[jax.Array, str], jax.Array] = _no_dropout,
) -> tuple[Any, jax.Array]:
    """Run over [lanes, time] events; returns the last state and the query vectors after each event, [lanes, time,
    embedding].

    :param vectors: of the items read, [lanes, time, embedding]; ignored where `new` is 1.
    :param gap: time since the event before (`batching.gap_feature`), [lanes, time].
    :param new: 1 where a user begins, [lanes, time].
    :param session: 1 where a session of the same user begins, [lanes, time].
    :param dropout: applied to "input" and "output" while training.
    """
    vectors = vectors * (1.0 - new)[..., None]
    read = jnp.concatenate([dropout(vectors, "input"), gap[..., None]], -1)
    inputs = read @ parameters["input"] + parameters["input_bias"]

    def step(carry: Any, now: Any) -> tuple[Any, Any]:
        session_state, user_state = carry
        event, is_new, is_session = now
        carried = (1.0 - is_new)[:, None]
        session_state, user_state = session_state * carried, user_state * carried
        proposed = gru(
            session_state @ parameters["user_input"] + parameters["user_bias"],
            user_state,
            parameters["user_recurrent"],
        )
        begins = is_session[:, None] > 0
        user_state = jnp.where(begins, proposed, user_state)
        begun = jnp.tanh(user_state @ parameters["begin"] + parameters["begin_bias"])
        session_state = jnp.where(begins, begun, session_state)
        session_state = gru(event, session_state, parameters["session_recurrent"])
        carry = session_state, user_state
        return carry, carry

    over_time = tuple(jnp.swapaxes(values, 0, 1) for values in (inputs, new, session))
    last, states = jax.lax.scan(step, state[:2], over_time)
    session_states, user_states = (jnp.swapaxes(values, 0, 1) for values in states)
    memory = memories(vectors, new, state[2])
    queries = (
        dropout(session_states, "output") @ parameters["output_session"]
        + user_states @ parameters["output_user"]
        + memory * parameters["memory"]
        + parameters["output_bias"]
    )
    return (*last, memory[:, -1]), queries


def train(
    parameters: Tree,
    inputs: Inputs,
    lay_out: Callable[[np.random.Generator], SequenceBatches],
    plan: TrainingPlan,
    report: Callable[[float, str], None],
) -> tuple[Tree, list[float]]:
    """Fit the parameters; returns them and the mean loss of each epoch.

    What is compiled depends on the plan and on shapes only, and the number of items is rounded up: so the second
    training of a version, and mostly a later run's, finds it compiled. What is around the step is NumPy's: JAX
    would compile each small operation for each shape.

    :param lay_out: lays out the training events anew for each epoch.
    :param report: called after each part of an epoch with the fraction done and a message; may raise to stop.
    """
    rng = np.random.default_rng(plan.seed)
    hidden, size = parameters["output_session"].shape
    count = len(inputs.frequency)
    layout = lay_out(rng)
    total = plan.epochs * len(layout)
    schedule = optax.warmup_cosine_decay_schedule(
        0.0, plan.rate, max(1, total // 20), max(2, total), plan.rate / 50
    )
    rates = np.asarray(jax.jit(schedule)(np.arange(total)))
    chance = _chances(inputs.frequency)
    bounds, tables = np.cumsum(chance), _tables(inputs, chance, plan.samples)
    parameters = {**parameters, **_padded({name: parameters[name] for name in OF_ITEMS})}
    step = _step(plan.samples, plan.input_dropout, plan.output_dropout)
    moments = jax.jit(_optimiser().init)(parameters)
    key, losses = jax.random.PRNGKey(plan.seed), []
    for epoch in range(plan.epochs):
        layout = layout if epoch == 0 else lay_out(rng)
        state = zero_state(layout.row.shape[1], hidden, size)
        sums = []
        for number in range(len(layout)):
            rate = rates[min(epoch * len(layout) + number, total - 1)]
            batch = _batch(inputs, layout, number)
            drawn = _draw(bounds, plan.samples, rng)
            parameters, moments, state, key, loss = step(
                parameters, moments, state, tables, batch, drawn, key, rate
            )
            sums.append(loss)
            if number % 50 == 49:
                report((epoch + (number + 1) / len(layout)) / plan.epochs, f"epoch {epoch + 1}")
        losses.append(float(np.mean(jax.device_get(sums))))
        report((epoch + 1) / plan.epochs, f"epoch {epoch + 1} of {plan.epochs}, loss {losses[-1]:.4f}")
    trained = {name: np.asarray(values) for name, values in parameters.items()}
    return trained | {name: trained[name][:count] for name in OF_ITEMS}, losses


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Tables:
    """What all batches share, of all items: `features` float32 [items, width], `trained` bool [items];
    `log_expected_counts` float32 [items]: of how often a sample of negatives holds each.
    """

    features: jax.Array
    trained: jax.Array
    log_expected_counts: jax.Array


def _chances(frequency: np.ndarray) -> np.ndarray:
    """Of each item to be drawn as a negative."""
    weight = frequency**0.75
    chance: np.ndarray = weight / weight.sum()
    return chance


def _tables(inputs: Inputs, chance: np.ndarray, samples: int) -> Tables:
    columns = {
        "features": inputs.item_features,
        "trained": inputs.frequency > 0,
        "log_expected_counts": np.log(np.maximum(chance * max(samples, 1), 1e-12)).astype(np.float32),
    }
    return Tables(**jax.device_put(_padded(columns)))


def _draw(bounds: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Negatives, with replacement; int32 [samples].

    :param bounds: sums of the items' chances.
    """
    drawn: np.ndarray = np.minimum(np.searchsorted(bounds, rng.random(samples)), len(bounds) - 1)
    return drawn.astype(np.int32)


def _padded(of_items: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """The arrays with rows of zeros, up to a round number of items: 63 more at most, from 1,024 on a sixteenth."""
    count = len(next(iter(of_items.values())))
    unit = max(64, 2 ** (count.bit_length() - 5))
    rows = -count % unit
    return {
        name: np.pad(values, ((0, rows), *((0, 0),) * (values.ndim - 1))) for name, values in of_items.items()
    }


def _batch(inputs: Inputs, layout: SequenceBatches, number: int) -> dict[str, np.ndarray]:
    row = layout.row[number]
    return {
        "target": inputs.item[row],
        "read": inputs.item[np.maximum(row - 1, 0)],
        "user_features": inputs.user_features[inputs.user[row]],
        "context": inputs.context[row],
        "new": layout.new[number],
        "session": layout.session[number],
        "gap": layout.gap[number],
        "weight": layout.weight[number],
    }


def _optimiser() -> Any:
    return optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam())


@lru_cache
def _step(samples: int, input_dropout: float, output_dropout: float) -> Callable[..., Any]:
    """One step of gradient descent."""

    def loss(
        parameters: Tree, state: Any, tables: Tables, batch: Any, sampled: jax.Array, key: jax.Array
    ) -> tuple[jax.Array, Any]:
        keys = dict(zip(("input", "output"), jax.random.split(key), strict=True))
        rates = {"input": input_dropout, "output": output_dropout}

        def dropout(values: jax.Array, where: str) -> jax.Array:
            keep_rate = 1.0 - rates[where]
            return values * jax.random.bernoulli(keys[where], keep_rate, values.shape) / keep_rate

        def vectors_of(index: Any) -> jax.Array:
            vectors: jax.Array = parameters["items"][index]
            if not tables.features.shape[1]:
                return vectors
            vectors = vectors + tables.features[index] @ parameters["item_features"]
            return vectors

        target, weight = batch["target"], batch["weight"]
        read = vectors_of(batch["read"])
        state, queries = forward(
            parameters, state, read, batch["gap"], batch["new"], batch["session"], dropout
        )
        queries = queries + batch["user_features"] @ parameters["user_features"]
        queries = queries + batch["context"] @ parameters["context"]
        if samples:
            bias = parameters["bias"] - tables.log_expected_counts
            logits = queries @ vectors_of(sampled).T + bias[sampled]
            logits = jnp.where(sampled == target[..., None], -1e9, logits)
            target_logits = (queries * vectors_of(target)).sum(-1) + bias[target]
            log_normaliser = jnp.logaddexp(jax.nn.logsumexp(logits, -1), target_logits)
        else:
            logits = jnp.where(tables.trained, queries @ vectors_of(slice(None)).T + parameters["bias"], -1e9)
            target_logits = jnp.take_along_axis(logits, target[..., None], -1)[..., 0]
            log_normaliser = jax.nn.logsumexp(logits, -1)
        return ((log_normaliser - target_logits) * weight).sum() / jnp.maximum(weight.sum(), 1e-6), state

    @jax.jit
    def step(
        parameters: Tree,
        moments: Any,
        state: Any,
        tables: Tables,
        batch: Any,
        sampled: Any,
        key: jax.Array,
        rate: float,
    ) -> Any:
        key, now = jax.random.split(key)
        (value, state), gradient = jax.value_and_grad(loss, has_aux=True)(
            parameters, state, tables, batch, sampled, now
        )
        directions, moments = _optimiser().update(gradient, moments, parameters)
        updates = {
            name: -rate * LEARNING_RATE_FACTORS.get(name, 1.0) * values for name, values in directions.items()
        }
        return optax.apply_updates(parameters, updates), moments, state, key, value

    return step
