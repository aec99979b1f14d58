"""A solution version in memory, as a campaign or a recommender serves it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.runtime.filters import Columns
from localpersonalize.runtime.histories import Codes, Events, EventSelection, Histories
from localpersonalize.runtime.metadata import Metadata


@dataclass(frozen=True)
class Exploration:
    """How much of the results goes to items with little data (0 to 1), and how old such items may be, in
    days.
    """

    weight: float = 0.3
    cut_off_days: float = 30.0

    @classmethod
    def from_wire(cls, config: Mapping[str, str] | None) -> Exploration:
        """`itemExplorationConfig`; numbers come as strings."""
        config = config or {}
        return cls(
            float(config.get("explorationWeight", 0.3)), float(config.get("explorationItemAgeCutOff", 30))
        )


@dataclass(frozen=True)
class GroupData:
    """What is known in a dataset group at one moment; replaced as a whole when it changes."""

    histories: Histories
    users: Metadata
    items: Metadata
    revision: int = 0


@dataclass(frozen=True)
class View:
    """A model's items as filters see them: aligned metadata, and dataset item codes to model indices."""

    items: Vocabulary
    columns: Columns
    revision: int


@dataclass(frozen=True)
class Deployment:
    """One version of one campaign or recommender. Immutable: an update puts another one in its place.

    ``recipe_type`` is the recipe's (`RELATED_ITEMS`, ...). ``hides_events``: event types (lower case) whose
    items a domain use case leaves out by itself. ``requires``: parameters a request must have. ``explores``
    is None for recipes that don't.
    """

    arn: str
    solution_version_arn: str
    group_arn: str
    recipe: str
    recipe_type: str
    model: Model
    selection: EventSelection = field(default_factory=EventSelection)
    explores: Exploration | None = None
    shows_metadata: bool = False
    hides_events: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _places: list[_ItemPlaces] = field(default_factory=list, repr=False, compare=False)
    _views: list[View] = field(default_factory=list, repr=False, compare=False)

    def score(self, requests: list[Request]) -> tuple[np.ndarray, Vocabulary]:
        """float32 [requests, items] and the vocabulary those columns stand for."""
        with self._lock:
            return self.model.score(requests), self.model.items

    def prepare(self, data: GroupData, users: Sequence[str]) -> None:
        """Let the model read these users' histories before they ask."""
        requests = []
        for user in users:
            items, times = self.history(data.histories.of(user), data.histories)
            requests.append(Request(user_id=user, history_items=items, history_times=times))
        with self._lock:
            self.model.prepare(requests)

    def add_items(self, items: pa.Table) -> None:
        """Let the model take in items that came after training, where its recipe can."""
        with self._lock:
            self.model.add_items(items)

    def history(self, events: Events, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
        """(item indices in the model, times) of the events that the solution looks at; unknown items left
        out.
        """
        chosen = self.selection.apply(events, histories.event_types)
        places = self.places(histories.items, chosen.items)
        known = places >= 0
        return places[known], chosen.times[known]

    def places(self, codes: Codes, wanted: np.ndarray) -> np.ndarray:
        """Model indices (int32, -1 unknown) of dataset item codes."""
        items = self.model.items
        held = self._places[0] if self._places else None
        if (
            held is None
            or held.codes is not codes
            or held.items is not items
            or len(held.places) < len(codes)
        ):
            held = _ItemPlaces(codes, items, items.index(pa.array(codes.ids[: len(codes)], pa.string())))
            self._places[:] = [held]
        return held.places[wanted]

    def view(self, data: GroupData, items: Vocabulary) -> View:
        """Item metadata in the order of ``items``; prepared again when the items or the data changed."""
        held = self._views[0] if self._views else None
        if held is None or held.items is not items or held.revision != data.revision:
            columns = Columns(items.array, data.items.table(), "ITEM_ID", data.items.categorical)
            held = View(items, columns, data.revision)
            self._views[:] = [held]
        return held


@dataclass(frozen=True)
class _ItemPlaces:
    codes: Codes
    items: Vocabulary
    places: np.ndarray


def memory_of(model: Model) -> int:
    """Bytes of the arrays a model holds, nested ones too; shared arrays count once."""
    seen: set[int] = set()

    def size(thing: object, depth: int) -> int:
        if id(thing) in seen or depth > 4:
            return 0
        seen.add(id(thing))
        if isinstance(thing, np.ndarray):
            return thing.nbytes
        if isinstance(thing, pa.Array | pa.ChunkedArray | pa.Table):
            return thing.nbytes
        if isinstance(thing, Mapping):
            return sum(size(value, depth + 1) for value in list(thing.values()))
        if isinstance(thing, list | tuple):
            return sum(size(value, depth + 1) for value in thing[:10_000])
        if hasattr(thing, "nbytes") and hasattr(thing, "shape"):
            return int(thing.nbytes)
        if hasattr(thing, "__dict__"):
            return sum(size(value, depth + 1) for value in list(vars(thing).values()))
        return 0

    return size(model, 0)


__all__ = ["Deployment", "Exploration", "GroupData", "View", "memory_of"]
