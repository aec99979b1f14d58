"""The trained network in numpy: a step costs microseconds, which starting JAX for one request would not.

Must compute what `network.forward` computes; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from localpersonalize.recipes.hrnn.batching import SESSION_GAP_SECONDS, gap_feature

Parameters = Mapping[str, np.ndarray]
MEMORY_HALF_LIFE = 10.0  # events after which an item counts half in the memory
MEMORY_DECAY = float(0.5 ** (1.0 / MEMORY_HALF_LIFE))


@dataclass
class State:
    """Where users stand: session and user state [users, hidden], memory [users, embedding]; time [users] of
    their newest event."""

    session: np.ndarray
    user: np.ndarray
    memory: np.ndarray
    time: np.ndarray

    @classmethod
    def start(cls, parameters: Parameters, users: int) -> State:
        """Of users who did nothing yet."""
        hidden, size = parameters["output_session"].shape
        state = cls(
            np.zeros((users, hidden), np.float32),
            np.zeros((users, hidden), np.float32),
            np.zeros((users, size), np.float32),
            np.full(users, -1, np.int64),
        )
        nothing = np.zeros((users, size + 1), np.float32) @ parameters["input"] + parameters["input_bias"]
        state.session = gru(nothing, state.session, parameters["session_recurrent"])
        return state

    def put(self, row: int, other: State) -> None:
        """Take another's first user for the one at `row`."""
        self.session[row], self.user[row] = other.session[0], other.user[0]
        self.memory[row], self.time[row] = other.memory[0], other.time[0]

    def rows(self, index: np.ndarray | slice) -> State:
        return State(self.session[index], self.user[index], self.memory[index], self.time[index])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (np.tanh(0.5 * x) + 1.0)


def gru(inputs: np.ndarray, state: np.ndarray, recurrent: np.ndarray) -> np.ndarray:
    """One step of a gated recurrent unit (Cho et al. 2014): inputs [users, 3 hidden], state [users, hidden]."""
    hidden = state.shape[-1]
    recurrent_part = state @ recurrent
    gates = sigmoid(inputs[..., : 2 * hidden] + recurrent_part[..., : 2 * hidden])
    candidate = np.tanh(inputs[..., 2 * hidden :] + gates[..., :hidden] * recurrent_part[..., 2 * hidden :])
    update = gates[..., hidden:]
    state_after: np.ndarray = (1.0 - update) * candidate + update * state
    return state_after


def advance(
    parameters: Parameters, state: State, vectors: np.ndarray, times: np.ndarray, lengths: np.ndarray
) -> State:
    """The state after more events.

    :param vectors: of the items, float32 [users, events, embedding], padded at the end.
    :param times: int64 [users, events].
    :param lengths: events of each user, longest first.
    """
    before = np.concatenate([state.time[:, None], times[:, :-1]], axis=1)
    seconds = np.where(before < 0, 0, times - before)
    inputs = np.concatenate([vectors, gap_feature(seconds)[..., None]], axis=-1) @ parameters["input"]
    inputs += parameters["input_bias"]
    breaks = seconds > SESSION_GAP_SECONDS
    session, user, memory = state.session.copy(), state.user.copy(), state.memory.copy()
    for step in range(vectors.shape[1]):
        active = slice(0, int(np.searchsorted(-lengths, -step)))  # who has more than `step` events
        new_sessions = np.flatnonzero(breaks[active, step])
        if len(new_sessions):
            user_inputs = session[new_sessions] @ parameters["user_input"] + parameters["user_bias"]
            user[new_sessions] = gru(user_inputs, user[new_sessions], parameters["user_recurrent"])
            session[new_sessions] = np.tanh(
                user[new_sessions] @ parameters["begin"] + parameters["begin_bias"]
            )
        session[active] = gru(inputs[active, step], session[active], parameters["session_recurrent"])
        memory[active] = memory[active] * np.float32(MEMORY_DECAY) + vectors[active, step]
    last = np.where(lengths > 0, times[np.arange(len(times)), lengths - 1], state.time)
    return State(session, user, memory, last)


def query(parameters: Parameters, state: State) -> np.ndarray:
    """The query vectors of users, float32 [users, embedding]; products with item vectors are logits."""
    queries: np.ndarray = (
        state.session @ parameters["output_session"]
        + state.user @ parameters["output_user"]
        + state.memory * parameters["memory"]
        + parameters["output_bias"]
    )
    return queries
