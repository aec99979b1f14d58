"""A trained hierarchical recurrent network, answering."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.features import Features
from localpersonalize.recipes.base.model import Model, Needs, Request
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.recipes.hrnn import inference
from localpersonalize.recipes.hrnn.inference import State

NEWEST = 300  # events of a history that are read
TOGETHER = 256  # requests whose histories are read side by side
REMEMBERED = 50_000  # users whose state is kept between requests
COLD_BIAS = 0.25  # an item without events is taken to be as likely as this quantile of the others


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
        self._lock = threading.Lock()
        self._states: OrderedDict[str, tuple[np.ndarray, np.ndarray, State]] = OrderedDict()

    @property
    def vectors(self) -> np.ndarray:
        return self.parameters["vectors"]

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        wanted = np.concatenate(
            [self.query(requests[start : start + TOGETHER]) for start in range(0, len(requests), TOGETHER)]
        )
        scores = wanted @ self.vectors.T
        scores += self.parameters["bias"]
        seen = np.concatenate([request.history_items for request in requests])
        row = np.repeat(np.arange(len(requests)), [len(request.history_items) for request in requests])
        pairs = np.unique((row * scores.shape[1] + seen)[seen >= 0])
        scores.reshape(-1)[pairs] += self.repeat
        return scores

    def prepare(self, requests: Sequence[Request]) -> None:
        self._state(requests)

    def query(self, requests: Sequence[Request]) -> np.ndarray:
        """What each request looks for, float32 [requests, embedding]."""
        wanted = inference.query(self.parameters, self._state(requests))
        if self.encoders.users.width:
            rows = self.encoders.users.encode([request.user or {} for request in requests])
            wanted += rows @ self.parameters["user_features"]
        if self.encoders.context.width:
            upper = [{name.upper(): value for name, value in r.context.items()} for r in requests]
            wanted += self.encoders.context.encode(upper) @ self.parameters["context"]
        return wanted

    def _state(self, requests: Sequence[Request]) -> State:
        """The state of each request's user, from the one kept for a beginning of the same history on."""
        known = [_known(request) for request in requests]
        kept = [self._kept(r.user_id, *k) for r, k in zip(requests, known, strict=True)]
        rest = np.array([len(k[0]) - done for k, (done, _) in zip(known, kept, strict=True)])
        order = np.argsort(-rest, kind="stable")
        longest = int(rest.max(initial=0))
        items = np.zeros((len(order), longest), np.int64)
        times = np.zeros((len(order), longest), np.int64)
        for place, number in enumerate(order):
            done = kept[number][0]
            items[place, : rest[number]] = known[number][0][done:]
            times[place, : rest[number]] = known[number][1][done:]
        state = self._begun([kept[number][1] for number in order])
        if longest:
            state = inference.advance(self.parameters, state, self.vectors[items], times, rest[order])
        state = state.rows(np.argsort(order))
        with self._lock:
            for number, request in enumerate(requests):
                if request.user_id is not None and len(known[number][0]):
                    self._states[request.user_id] = (*known[number], state.rows(slice(number, number + 1)))
                    self._states.move_to_end(request.user_id)
            while len(self._states) > REMEMBERED:
                self._states.popitem(last=False)
        return state

    def _begun(self, kept: Sequence[State | None]) -> State:
        """The states of several users in one; those that nothing is kept of begin."""
        state = State.start(self.parameters, len(kept))
        for place, known in enumerate(kept):
            if known is not None:
                state.put(place, known)
        return state

    def _kept(self, user_id: str | None, items: np.ndarray, times: np.ndarray) -> tuple[int, State | None]:
        """How many of the events a kept state has read, and the state; None if there is none."""
        found = self._states.get(user_id) if user_id is not None else None
        if found is not None:
            done = len(found[0])
            same = done <= len(items) and np.array_equal(found[0], items[:done])
            if same and np.array_equal(found[1], times[:done]):
                return done, found[2]
        return 0, None

    def add_items(self, items: pa.Table) -> None:
        """New items get the vector of their metadata. Without metadata in the model they can't have one."""
        if not self.encoders.items.width:
            return
        fresh = items.filter(pa.array(self.items.index(items["ITEM_ID"]) < 0))
        if not fresh.num_rows:
            return
        vectors = self.encoders.items.encode(fresh) @ self.parameters["item_features"]
        bias = np.full(fresh.num_rows, cold_bias(self.parameters["bias"]), np.float32)
        self.parameters["vectors"] = np.concatenate([self.vectors, vectors.astype(np.float32)])
        self.parameters["bias"] = np.concatenate([self.parameters["bias"], bias])
        self.items = Vocabulary(pa.concat_arrays([self.items.array, _ids(fresh)]))

    def save(self, directory: Path) -> None:
        small = {"encoders": self.encoders.to_json(), "repeat": self.repeat}
        serialization.write(directory, self.recipe, self.items, self.parameters, **small)

    @classmethod
    def load(cls, directory: Path) -> Self:
        items, arrays, small = serialization.read(directory)
        return cls(items, arrays, Encoders.from_json(small["encoders"]), small["repeat"])


def cold_bias(bias: np.ndarray) -> float:
    """What to take for an item without events, from the biases of the others."""
    finite = bias[np.isfinite(bias)]
    return float(np.quantile(finite, COLD_BIAS)) if len(finite) else 0.0


def _known(request: Request) -> tuple[np.ndarray, np.ndarray]:
    """The newest events of items that the model knows."""
    known = request.history_items >= 0
    return request.history_items[known][-NEWEST:], request.history_times[known][-NEWEST:]


def _ids(table: pa.Table) -> pa.Array:
    column = table["ITEM_ID"].cast(pa.string())
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
