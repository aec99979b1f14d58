"""The states that a model keeps of users between requests, so that a request after one more event costs one step."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence

import numpy as np

from localpersonalize.recipes.hrnn.inference import Parameters, State

FIRST_ROWS = 64
History = tuple[np.ndarray, np.ndarray]
"""Items and times of events, int [events] each."""


class KeptStates:
    """States of the users who were seen last, in one table of a row each, and what they have read.

    Arrays of a user's own would take nearly twice the memory, and not give it back in one piece.
    May be used by several threads.

    :param limit: users; who was seen longest ago makes room.
    """

    def __init__(self, parameters: Parameters, limit: int) -> None:
        self.limit = limit
        self._parameters = parameters
        self._rows: OrderedDict[str, int] = OrderedDict()  # of each user, who was seen longest ago first
        self._table = State.start(parameters, 0)
        self._read = np.zeros((0, 2), np.int64)  # how many events each row has read, and their digest
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, users: Sequence[str | None], histories: Iterable[History]) -> tuple[State, np.ndarray]:
        """A state of each user to go on from, and how many of the user's events it has read (int64 [users]).

        :param users: None: nobody, of whom nothing is kept.
        :param histories: of each.
        """
        state, read = State.start(self._parameters, len(users)), np.zeros(len(users), np.int64)
        with self._lock:
            for position, (user, history) in enumerate(zip(users, histories, strict=True)):
                if user is None or user not in self._rows:
                    continue
                row = self._rows[user]
                count, digest = self._read[row].tolist()
                if count <= len(history[0]) and digest == _digest(history, count):
                    self._rows.move_to_end(user)
                    state.put(position, self._table, row)
                    read[position] = count
        return state, read

    def put(self, users: Sequence[str | None], histories: Iterable[History], state: State) -> None:
        """Keep the states of users who have read all of their histories."""
        with self._lock:
            for position, (user, history) in enumerate(zip(users, histories, strict=True)):
                if user is None or not len(history[0]):
                    continue
                row = self._row_of(user)
                self._table.put(row, state, position)
                self._read[row] = len(history[0]), _digest(history, len(history[0]))

    def _row_of(self, user: str) -> int:
        row = self._rows.pop(user, None)
        if row is None:
            row = len(self._rows) if len(self._rows) < self.limit else self._rows.popitem(last=False)[1]
            if row == len(self._read):
                self._grow()
        self._rows[user] = row
        return row

    def _grow(self) -> None:
        more = min(max(FIRST_ROWS, len(self._read) // 2), self.limit - len(self._read))
        self._table = self._table.with_more_rows(more)
        self._read = np.concatenate([self._read, np.zeros((more, 2), np.int64)])


def _digest(history: History, count: int) -> int:
    """Of the first events of a history, 64 bits."""
    return hash(tuple(np.asarray(values[:count], np.int64).tobytes() for values in history))
