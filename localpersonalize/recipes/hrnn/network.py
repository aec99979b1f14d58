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

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from localpersonalize.recipes.hrnn.batching import SequenceBatches
from localpersonalize.recipes.hrnn.inference import MEMORY_DECAY

Tree = dict[str, Any]
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

    def dense(rows: int, columns: int) -> jax.Array:
        drawn = rng.normal(0.0, np.sqrt(2.0 / (rows + columns)), (rows, columns))
        return jnp.asarray(drawn, jnp.float32)

    return {
        "items": jnp.asarray(vectors),
        "bias": jnp.asarray(bias),
        "item_features": jnp.zeros((widths[0], size)),
        "user_features": jnp.zeros((widths[1], size)),
        "context": jnp.zeros((widths[2], size)),
        "input": dense(size + 1, 3 * hidden),
        "input_bias": jnp.zeros(3 * hidden),
        "session_recurrent": dense(hidden, 3 * hidden),
        "user_input": dense(hidden, 3 * hidden),
        "user_bias": jnp.zeros(3 * hidden),
        "user_recurrent": dense(hidden, 3 * hidden),
        "begin": dense(hidden, hidden),
        "begin_bias": jnp.zeros(hidden),
        "output_session": dense(hidden, size),
        "output_user": dense(hidden, size),
        "output_bias": jnp.zeros(size),
        "memory": jnp.full(size, 0.3, jnp.float32),
    }


def gru(inputs: jax.Array, state: jax.Array, recurrent: jax.Array) -> jax.Array:
    hidden = state.shape[-1]
    own = state @ recurrent
    gates = jax.nn.sigmoid(inputs[..., : 2 * hidden] + own[..., : 2 * hidden])
    candidate = jnp.tanh(inputs[..., 2 * hidden :] + gates[..., :hidden] * own[..., 2 * hidden :])
    update = gates[..., hidden:]
    return (1.0 - update) * candidate + update * state


def zero_state(lanes: int, hidden: int, size: int) -> tuple[jax.Array, jax.Array, jax.Array]:
    return jnp.zeros((lanes, hidden)), jnp.zeros((lanes, hidden)), jnp.zeros((lanes, size))


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
        session_state, user_state, memory = carry
        event, vector, is_new, is_session = now
        carried = (1.0 - is_new)[:, None]
        session_state, user_state, memory = session_state * carried, user_state * carried, memory * carried
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
        memory = memory * MEMORY_DECAY + vector
        carry = session_state, user_state, memory
        return carry, carry

    over_time = tuple(jnp.swapaxes(values, 0, 1) for values in (inputs, vectors, new, session))
    state, states = jax.lax.scan(step, state, over_time)
    session_states, user_states, memories = (jnp.swapaxes(values, 0, 1) for values in states)
    queries = (
        dropout(session_states, "output") @ parameters["output_session"]
        + user_states @ parameters["output_user"]
        + memories * parameters["memory"]
        + parameters["output_bias"]
    )
    return state, queries


def train(
    parameters: Tree,
    inputs: Inputs,
    lay_out: Callable[[np.random.Generator], SequenceBatches],
    plan: TrainingPlan,
    report: Callable[[float, str], None],
) -> tuple[Tree, list[float]]:
    """Fit the parameters; returns them and the mean loss of each epoch.

    :param lanes_of: lays out the training events anew for each epoch.
    :param report: called after each part of an epoch with the fraction done and a message; may raise to stop.
    """
    rng = np.random.default_rng(plan.seed)
    hidden, size = parameters["output_session"].shape
    layout = lay_out(rng)
    total = plan.epochs * len(layout)
    rate = optax.warmup_cosine_decay_schedule(
        0.0, plan.rate, max(1, total // 20), max(2, total), plan.rate / 50
    )
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))
    moments = optimiser.init(parameters)
    step = _step(inputs, plan, optimiser)
    negatives = _sampler(inputs.frequency, plan.samples)
    key, losses = jax.random.PRNGKey(plan.seed), []
    for epoch in range(plan.epochs):
        layout = layout if epoch == 0 else lay_out(rng)
        state = zero_state(layout.row.shape[1], hidden, size)
        sums = []
        for number in range(len(layout)):
            key, now = jax.random.split(key)
            batch = tuple(
                values[number]
                for values in (layout.row, layout.new, layout.session, layout.gap, layout.weight)
            )
            parameters, moments, state, loss = step(parameters, moments, state, batch, negatives(rng), now)
            sums.append(loss)
            if number % 50 == 49:
                report((epoch + (number + 1) / len(layout)) / plan.epochs, f"epoch {epoch + 1}")
        losses.append(float(jnp.mean(jnp.stack(sums))))
        report((epoch + 1) / plan.epochs, f"epoch {epoch + 1} of {plan.epochs}, loss {losses[-1]:.4f}")
    return parameters, losses


def _sampler(
    frequency: np.ndarray, samples: int
) -> Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]]:
    """Draws negatives (with replacement, by frequency ** 0.75) and gives the log of how often to expect each
    item; without sampling, nothing."""
    if not samples:
        none = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return lambda rng: none
    chance = frequency**0.75
    chance = chance / chance.sum()
    bounds = np.cumsum(chance)
    log_expected_counts = np.log(np.maximum(chance * samples, 1e-12)).astype(np.float32)

    def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        items = np.minimum(np.searchsorted(bounds, rng.random(samples)), len(chance) - 1)
        return items.astype(np.int32), log_expected_counts

    return draw


def _step(inputs: Inputs, plan: TrainingPlan, optimiser: Any) -> Callable[..., Any]:
    item, user = jnp.asarray(inputs.item), jnp.asarray(inputs.user)
    features = jnp.asarray(inputs.item_features)
    user_features, context = jnp.asarray(inputs.user_features), jnp.asarray(inputs.context)
    trained = jnp.asarray(inputs.frequency > 0)

    def vectors_of(parameters: Tree, index: Any) -> jax.Array:
        vectors: jax.Array = parameters["items"][index]
        return vectors + features[index] @ parameters["item_features"] if features.shape[1] else vectors

    def loss(parameters: Tree, state: Any, batch: Any, drawn: Any, key: jax.Array) -> tuple[Any, Any]:
        row, new, session, gap, weight = batch
        keys = dict(zip(("input", "output"), jax.random.split(key), strict=True))
        rates = {"input": plan.input_dropout, "output": plan.output_dropout}

        def dropout(values: jax.Array, where: str) -> jax.Array:
            keep_rate = 1.0 - rates[where]
            return values * jax.random.bernoulli(keys[where], keep_rate, values.shape) / keep_rate

        target = item[row]
        read = vectors_of(parameters, item[jnp.maximum(row - 1, 0)])
        state, queries = forward(parameters, state, read, gap, new, session, dropout)
        queries = queries + user_features[user[row]] @ parameters["user_features"]
        queries = queries + context[row] @ parameters["context"]
        if plan.samples:
            sampled, log_expected_counts = drawn
            answers = vectors_of(parameters, sampled)
            logits = queries @ answers.T + (parameters["bias"] - log_expected_counts)[sampled]
            logits = jnp.where(sampled == target[..., None], -1e9, logits)
            own = vectors_of(parameters, target)
            target_logits = (queries * own).sum(-1) + (parameters["bias"] - log_expected_counts)[target]
            log_normaliser = jnp.logaddexp(jax.nn.logsumexp(logits, -1), target_logits)
        else:
            answers = vectors_of(parameters, slice(None))
            logits = jnp.where(trained, queries @ answers.T + parameters["bias"], -1e9)
            target_logits = jnp.take_along_axis(logits, target[..., None], -1)[..., 0]
            log_normaliser = jax.nn.logsumexp(logits, -1)
        return ((log_normaliser - target_logits) * weight).sum() / jnp.maximum(weight.sum(), 1e-6), state

    @jax.jit
    def step(parameters: Tree, moments: Any, state: Any, batch: Any, drawn: Any, key: jax.Array) -> Any:
        (value, state), gradient = jax.value_and_grad(loss, has_aux=True)(
            parameters, state, batch, drawn, key
        )
        updates, moments = optimiser.update(gradient, moments, parameters)
        for name, factor in LEARNING_RATE_FACTORS.items():
            updates[name] = factor * updates[name]
        return optax.apply_updates(parameters, updates), moments, state, value

    return step
