"""A trained hierarchical recurrent network, answering."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.item_index import MAX_NEW_ITEMS, MIN_ITEMS, IndexedScores, ItemIndex
from localpersonalize.recipes.base.logits import logits
from localpersonalize.recipes.base.model import Model, Needs, Request
from localpersonalize.recipes.base.scores import Scores
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.hrnn import inference
from localpersonalize.recipes.hrnn.inference import State
from localpersonalize.recipes.hrnn.kept_states import KeptStates

MAX_HISTORY_EVENTS = 300  # events of a history that are read
MAX_BATCH_REQUESTS = 256  # requests whose histories are read side by side
MAX_CACHED_USERS = 50_000  # users whose state is kept between requests
COLD_BIAS_QUANTILE = 0.25  # an item without events is taken to be as likely as this quantile of the others


@dataclass(frozen=True)
class Encoders:
    """How metadata become features; empty where the recipe uses none."""

    items: Features = field(default_factory=Features)
    users: Features = field(default_factory=Features)
    context: Features = field(default_factory=Features)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name).to_json() for name in ("items", "users", "context")}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Encoders:
        return cls(**{name: Features.from_json(columns) for name, columns in values.items()})


class HrnnModel(Model):
    """Scores are logits: what a user's state looks for, times each item's vector, plus the item's bias.

    The state of a user is kept between requests, so that a request after one more event costs one step.
    """

    recipe = "aws-hrnn"
    needs: ClassVar[Needs] = "user"
    uses_history = True
    score_kind = "logit"

    def __init__(
        self, items: Vocabulary, parameters: Mapping[str, np.ndarray], encoders: Encoders, repeat: float = 0.0
    ) -> None:
        """
        :param parameters: of `network`, and `vectors` [items, embedding] and `bias` [items], of all items,
            with their metadata; a bias of -inf: never recommended.
        :param repeat: added to the logits of items the user has had.
        """
        self.items = items
        self.parameters = dict(parameters)
        self.encoders = encoders
        self.repeat = repeat
        self._index: ItemIndex | None = None
        self._states = KeptStates(self.parameters, MAX_CACHED_USERS)

    @property
    def vectors(self) -> np.ndarray:
        return self.parameters["vectors"]

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        scores = logits(self._queries(requests), self.vectors, self.parameters["bias"])
        seen = np.concatenate([request.history_items for request in requests])
        row = np.repeat(np.arange(len(requests)), [len(request.history_items) for request in requests])
        pairs = (row * scores.shape[1] + seen)[seen >= 0]
        scores.reshape(-1)[pairs] += self.repeat  # once, however often the item was seen
        return scores

    def scores_for(self, requests: Sequence[Request]) -> Sequence[Scores]:
        index = self._index
        if index is None:
            return super().scores_for(requests)
        bias = self.parameters["bias"]
        seen = [np.unique(request.history_items[request.history_items >= 0]) for request in requests]
        return [
            IndexedScores(index, query, self.vectors, bias, raised, self.repeat)
            for query, raised in zip(self._queries(requests), seen, strict=True)
        ]

    def build_index(self) -> None:
        bias = self.parameters["bias"]
        vectors = self.vectors[: len(bias)]  # items may be added meanwhile, their vectors first
        indexed = 0 if self._index is None else len(self._index)
        if np.count_nonzero(bias > -np.inf) >= MIN_ITEMS and len(bias) - indexed > MAX_NEW_ITEMS:
            self._index = ItemIndex.build(vectors, bias)

    def prepare(self, requests: Sequence[Request]) -> None:
        self._state(requests)

    def _queries(self, requests: Sequence[Request]) -> np.ndarray:
        """`query` of any number of requests."""
        return np.concatenate(
            [
                self.query(requests[start : start + MAX_BATCH_REQUESTS])
                for start in range(0, len(requests), MAX_BATCH_REQUESTS)
            ]
        )

    def query(self, requests: Sequence[Request]) -> np.ndarray:
        """The query vector of each request, float32 [requests, embedding]."""
        queries = inference.query(self.parameters, self._state(requests))
        if self.encoders.users.width:
            rows = self.encoders.users.encode([request.user or {} for request in requests])
            queries += rows @ self.parameters["user_features"]
        if self.encoders.context.width:
            upper = [{name.upper(): value for name, value in r.context.items()} for r in requests]
            queries += self.encoders.context.encode(upper) @ self.parameters["context"]
        return queries

    def _state(self, requests: Sequence[Request]) -> State:
        """The state of each request's user, from the one kept for a beginning of the same history on."""
        events = _KnownEvents.of(requests)
        users = [request.user_id for request in requests]
        state, done = self._states.get(users, events.histories())
        unread = events.lengths - done
        if not unread.any():
            return state
        order = np.argsort(-unread, kind="stable")
        items, times = events.table(done, order)
        state = inference.advance(
            self.parameters, state.rows(order), self.vectors[items], times, unread[order]
        )
        state = state.rows(np.argsort(order))
        self._states.put(users, events.histories(), state)
        return state

    def add_items(self, items: pa.Table) -> None:
        """New items get the vector of their metadata. Without metadata in the model they can't have one."""
        if not self.encoders.items.width:
            return
        new_items = items.filter(pa.array(self.items.index(items["ITEM_ID"]) < 0))
        if not new_items.num_rows:
            return
        vectors = self.encoders.items.encode(new_items) @ self.parameters["item_features"]
        bias = np.full(new_items.num_rows, cold_bias(self.parameters["bias"]), np.float32)
        self.parameters["vectors"] = np.concatenate([self.vectors, vectors.astype(np.float32)])
        self.parameters["bias"] = np.concatenate([self.parameters["bias"], bias])
        self.items = Vocabulary(pa.concat_arrays([self.items.array, _id_column(new_items)]))

    def save(self, directory: Path) -> None:
        values = {"encoders": self.encoders.to_json(), "repeat": self.repeat}
        serialization.write(directory, self.recipe, self.items, self.parameters, **values)

    @classmethod
    def load(cls, directory: Path) -> Self:
        items, arrays, values = serialization.read(directory)
        return cls(items, arrays, Encoders.from_json(values["encoders"]), values["repeat"])


def cold_bias(bias: np.ndarray) -> float:
    """What to take for an item without events, from the biases of the others."""
    finite = bias[np.isfinite(bias)]
    return float(np.quantile(finite, COLD_BIAS_QUANTILE)) if len(finite) else 0.0


@dataclass(frozen=True)
class _KnownEvents:
    """The newest `MAX_HISTORY_EVENTS` events of items that the model knows, one request's after the other's; `starts`:
    int64 [requests + 1].
    """

    items: np.ndarray
    times: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, requests: Sequence[Request]) -> _KnownEvents:
        items = np.concatenate([request.history_items for request in requests])
        times = np.concatenate([request.history_times for request in requests])
        ends = np.cumsum([len(request.history_items) for request in requests])
        is_known = items >= 0
        known_ends = np.append(0, np.cumsum(is_known))[ends]
        lengths = np.diff(known_ends, prepend=0)
        # How many events of its request each is followed by, itself included.
        followed = np.repeat(known_ends, lengths) - np.arange(lengths.sum())
        is_read = np.flatnonzero(is_known)[followed <= MAX_HISTORY_EVENTS]
        starts = np.append(0, np.cumsum(np.minimum(lengths, MAX_HISTORY_EVENTS)))
        return cls(items[is_read], times[is_read], starts)

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.starts)

    def histories(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Items and times of each request."""
        for begin, end in pairwise(self.starts.tolist()):
            yield self.items[begin:end], self.times[begin:end]

    def table(self, done: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Items and times after the first `done` (int64 [requests]) of each request, int64 [events, requests], requests
        in `order`, padded at the end.
        """
        lengths = self.lengths
        position = np.arange(len(self.items)) - np.repeat(self.starts[:-1] + done, lengths)
        is_left = position >= 0
        cells = position[is_left], np.repeat(np.argsort(order), lengths)[is_left]
        items = np.zeros((int((lengths - done).max()), len(order)), np.int64)
        times = np.zeros_like(items)
        items[cells], times[cells] = self.items[is_left], self.times[is_left]
        return items, times


def _id_column(table: pa.Table) -> pa.Array:
    column = table["ITEM_ID"].cast(pa.string())
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
