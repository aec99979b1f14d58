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
        nothing = parameters["input_bias"][:, None]  # of nobody's event
        begun = gru(nothing, np.zeros((hidden, 1), np.float32), parameters["session_recurrent"])
        state.session[:] = begun.T
        return state

    def put(self, row: int, other: State, other_row: int) -> None:
        """Take another's user for the one at `row`."""
        for values, others in zip(self._arrays, other._arrays, strict=True):
            values[row] = others[other_row]

    def with_more_rows(self, count: int) -> State:
        """With room for more users, whose rows hold zeros."""
        return State(
            *(
                np.concatenate([values, np.zeros((count, *values.shape[1:]), values.dtype)])
                for values in self._arrays
            )
        )

    @property
    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.session, self.user, self.memory, self.time

    def rows(self, index: np.ndarray | slice) -> State:
        return State(self.session[index], self.user[index], self.memory[index], self.time[index])


def gru(inputs: np.ndarray, state: np.ndarray, recurrent: np.ndarray) -> np.ndarray:
    """One step of a gated recurrent unit (Cho et al. 2014).

    Users stand in columns, so that gates are whole rows and each operation is one pass over memory.

    :param inputs: [3 hidden, users]. :param state: [hidden, users]. :param recurrent: [hidden, 3 hidden].
    """
    hidden = len(state)
    recurrent_part = recurrent.T @ state
    gates = inputs[: 2 * hidden] + recurrent_part[: 2 * hidden]
    gates *= np.float32(0.5)  # the sigmoid is 0.5 * (tanh(x / 2) + 1)
    np.tanh(gates, out=gates)
    gates += np.float32(1.0)
    gates *= np.float32(0.5)
    candidate = recurrent_part[2 * hidden :]
    candidate *= gates[:hidden]
    candidate += inputs[2 * hidden :]
    np.tanh(candidate, out=candidate)
    state_after: np.ndarray = state - candidate
    state_after *= gates[hidden:]
    state_after += candidate
    return state_after


def advance(
    parameters: Parameters, state: State, vectors: np.ndarray, times: np.ndarray, lengths: np.ndarray
) -> State:
    """The state after more events.

    :param vectors: of the items, float32 [events, users, embedding], padded at the end.
    :param times: int64 [events, users].
    :param lengths: events of each user, longest first.
    """
    before = np.concatenate([state.time[None], times[:-1]])
    seconds = np.where(before < 0, 0, times - before)
    read = np.concatenate([vectors, gap_feature(seconds)[..., None]], axis=-1)
    inputs = parameters["input"].T @ read.reshape(-1, read.shape[-1]).T
    inputs += parameters["input_bias"][:, None]
    inputs = inputs.reshape(len(inputs), *seconds.shape)
    breaks = seconds > SESSION_GAP_SECONDS
    session, user, memory = state.session.T.copy(), state.user.T.copy(), state.memory.copy()
    counts = np.searchsorted(-lengths, -np.arange(len(vectors)))  # users who have more than `step` events
    for step, active in enumerate(counts.tolist()):
        new_sessions = np.flatnonzero(breaks[step, :active])
        if len(new_sessions):
            user_inputs = parameters["user_input"].T @ session[:, new_sessions]
            user_inputs += parameters["user_bias"][:, None]
            users = gru(user_inputs, user[:, new_sessions], parameters["user_recurrent"])
            user[:, new_sessions] = users
            session[:, new_sessions] = np.tanh(
                parameters["begin"].T @ users + parameters["begin_bias"][:, None]
            )
        session[:, :active] = gru(
            inputs[:, step, :active], session[:, :active], parameters["session_recurrent"]
        )
        memory[:active] *= np.float32(MEMORY_DECAY)
        memory[:active] += vectors[step, :active]
    last = np.where(lengths > 0, times[lengths - 1, np.arange(len(lengths))], state.time)
    return State(session.T, user.T, memory, last)


def query(parameters: Parameters, state: State) -> np.ndarray:
    """The query vectors of users, float32 [users, embedding]; products with item vectors are logits."""
    queries: np.ndarray = (
        state.session @ parameters["output_session"]
        + state.user @ parameters["output_user"]
        + state.memory * parameters["memory"]
        + parameters["output_bias"]
    )
    return queries
