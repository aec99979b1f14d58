"""A solution version in memory, as a campaign or a recommender serves it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.scores import Scores
from localpersonalize.recipes.base.vocabulary import Vocabulary
from localpersonalize.runtime.filters import Columns
from localpersonalize.runtime.histories import Codes, Events, EventSelection, Histories
from localpersonalize.runtime.metadata import Metadata

PERSONALIZED_ACTIONS = "PERSONALIZED_ACTIONS"
_ACTIONS = "#actions"


def actions_of(group_arn: str) -> str:
    """By what name the runtime knows a group's Actions and Action_Interactions, which stand in for items there."""
    return group_arn + _ACTIONS


def group_of(data_arn: str) -> tuple[str, bool]:
    """The dataset group of `Deployment.data_arn`, and whether its actions are meant."""
    return data_arn.removesuffix(_ACTIONS), data_arn.endswith(_ACTIONS)


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
class RankingInfluence:
    """How much an item's popularity and freshness count beside its score, each 0 (not at all) to 1."""

    popularity: float = 0.0
    freshness: float = 0.0

    @classmethod
    def from_wire(cls, weights: Mapping[str, float] | None) -> RankingInfluence:
        """`rankingInfluence`."""
        weights = weights or {}
        return cls(float(weights.get("POPULARITY", 0.0)), float(weights.get("FRESHNESS", 0.0)))

    def __bool__(self) -> bool:
        return self.popularity > 0 or self.freshness > 0


@dataclass(frozen=True)
class GroupData:
    """What is known in a dataset group at one moment; replaced as a whole when it changes."""

    histories: Histories
    users: Metadata
    items: Metadata
    revision: int = 0


@dataclass(frozen=True)
class ItemView:
    """A model's items as filters see them: aligned metadata, and dataset item codes to model indices."""

    items: Vocabulary
    columns: Columns
    revision: int

    @cached_property
    def freshness(self) -> np.ndarray:
        """Of the items with a CREATION_TIMESTAMP the share that is no newer, float32 [items]; 0 for those without."""
        created = self.columns.numbers("CREATION_TIMESTAMP")
        ordered = np.sort(created[~np.isnan(created)])
        shares = np.searchsorted(ordered, created, side="right") / max(1, len(ordered))
        return np.where(np.isnan(created), 0.0, shares).astype(np.float32)


@dataclass(frozen=True)
class Deployment:
    """One version of one campaign or recommender. Immutable: an update puts another one in its place.

    ``recipe_type`` is the recipe's (`RELATED_ITEMS`, ...). ``hides_events``: event types (lower case) whose
    items a domain use case leaves out by itself. ``requires``: parameters a request must have. ``explores``
    is None for recipes that don't. ``is_recommender``: of a domain, whose answers have no scores.
    """

    arn: str
    solution_version_arn: str
    group_arn: str
    recipe: str
    recipe_type: str
    model: Model
    selection: EventSelection = field(default_factory=EventSelection)
    explores: Exploration | None = None
    influence: RankingInfluence = RankingInfluence()
    shows_metadata: bool = False
    hides_events: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    is_recommender: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _cached_indices: list[_ItemIndices] = field(default_factory=list, repr=False, compare=False)
    _cached_views: list[ItemView] = field(default_factory=list, repr=False, compare=False)

    @property
    def data_arn(self) -> str:
        """Whose data it answers from: the dataset group's items, or its actions."""
        return actions_of(self.group_arn) if self.recipe_type == PERSONALIZED_ACTIONS else self.group_arn

    @property
    def shows_scores(self) -> bool:
        """Source: the developer guide, "How recommendation scoring works"."""
        return self.model.score_kind == "logit" and not self.is_recommender

    def score(self, requests: list[Request]) -> tuple[Sequence[Scores], Vocabulary]:
        """The scores of each request and the vocabulary that they are of."""
        with self._lock:
            return self.model.scores_for(requests), self.model.items

    def prepare(self, data: GroupData, users: Sequence[str]) -> None:
        """Let the model read these users' histories before they ask."""
        requests = []
        for user in users:
            items, times = self.history(data.histories.of(user), data.histories)
            requests.append(Request(user_id=user, history_items=items, history_times=times))
        with self._lock:
            self.model.prepare(requests)

    def add_items(self, items: pa.Table) -> None:
        """Let the model add items that came after training, where its recipe can."""
        with self._lock:
            self.model.add_items(items)

    def build_index(self) -> None:
        """Let a model with very many items get ready to answer without a look at each; requests go on meanwhile."""
        self.model.build_index()

    def follow_events(self, data: GroupData) -> None:
        """Let a model whose recipe follows events look at all those of the solution's types there are now."""
        if not self.model.follows_events:
            return
        events = self.selection.apply(data.histories.all(), data.histories.event_types)
        ids = data.histories.items.ids[: len(data.histories.items)]
        with self._lock:
            self.model.follow_events(ids, events.items, events.times)

    def history(self, events: Events, histories: Histories) -> tuple[np.ndarray, np.ndarray]:
        """(item indices in the model, times) of the events that the solution looks at; unknown items left
        out.
        """
        return self.histories([events], histories)[0]

    def histories(
        self, events: Sequence[Events], histories: Histories
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """`history` of several users at once."""
        selected = [self.selection.apply(one, histories.event_types) for one in events]
        lengths = [len(one) for one in selected]
        items = self.model_indices(histories.items, np.concatenate([one.items for one in selected]))
        times = np.concatenate([one.times for one in selected])
        is_known = items >= 0
        ends = np.append(0, np.cumsum(is_known))[np.cumsum([0, *lengths])].tolist()
        if not is_known.all():
            items, times = items[is_known], times[is_known]
        return [(items[begin:end], times[begin:end]) for begin, end in pairwise(ends)]

    def model_indices(self, codes: Codes, wanted: np.ndarray) -> np.ndarray:
        """Model indices (int32, -1 unknown) of dataset item codes."""
        items = self.model.items
        cached = self._cached_indices[0] if self._cached_indices else None
        if (
            cached is None
            or cached.codes is not codes
            or cached.items is not items
            or len(cached.indices) < len(codes)
        ):
            cached = _ItemIndices(codes, items, items.index(pa.array(codes.ids[: len(codes)], pa.string())))
            self._cached_indices[:] = [cached]
        indices: np.ndarray = cached.indices[wanted]
        return indices

    def view(self, data: GroupData, items: Vocabulary) -> ItemView:
        """Item metadata in the order of ``items``; prepared again when the items or the data changed."""
        cached = self._cached_views[0] if self._cached_views else None
        if cached is None or cached.items is not items or cached.revision != data.revision:
            columns = Columns(items.array, data.items.table(), "ITEM_ID", data.items.categorical)
            cached = ItemView(items, columns, data.revision)
            self._cached_views[:] = [cached]
        return cached


@dataclass(frozen=True)
class _ItemIndices:
    codes: Codes
    items: Vocabulary
    indices: np.ndarray


def memory_bytes(model: Model) -> int:
    """Bytes of the arrays a model holds, nested ones too; shared arrays count once."""
    seen: set[int] = set()

    def size(value: object, depth: int) -> int:
        if id(value) in seen or depth > 4:
            return 0
        seen.add(id(value))
        if isinstance(value, np.ndarray | pa.Array | pa.ChunkedArray | pa.Table):
            return int(value.nbytes)
        if isinstance(value, Mapping):
            return sum(size(value, depth + 1) for value in list(value.values()))
        if isinstance(value, list | tuple):
            return sum(size(value, depth + 1) for value in value[:10_000])
        if hasattr(value, "nbytes") and hasattr(value, "shape"):
            return int(value.nbytes)
        if hasattr(value, "__dict__"):
            return sum(size(value, depth + 1) for value in list(vars(value).values()))
        return 0

    return size(model, 0)


__all__ = ["Deployment", "Exploration", "GroupData", "ItemView", "memory_bytes"]
