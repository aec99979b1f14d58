"""What each user did: events imported in bulk, in columns, and events streamed since, on top."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

NO_TYPE = -1
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One accepted event. ``user_id`` is None before sign-in, then only ``session_id`` tells whose it is."""

    user_id: str | None
    session_id: str | None
    item_id: str | None
    timestamp: int
    event_type: str | None = None
    event_value: float | None = None


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one user, oldest first: item and event type codes of `Histories`, epoch seconds, values or
    NaN.
    """

    items: np.ndarray  # int32
    times: np.ndarray  # int64
    types: np.ndarray  # int16, NO_TYPE where there is none
    values: np.ndarray  # float32

    def __len__(self) -> int:
        return len(self.items)

    def where(self, mask: np.ndarray) -> Events:
        return Events(self.items[mask], self.times[mask], self.types[mask], self.values[mask])


_NOTHING = Events(
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int16), np.empty(0, np.float32)
)


class Codes:
    """Grow-only ids <-> small integers; looking up is safe while another thread adds."""

    def __init__(self, ids: Sequence[str] = ()) -> None:
        self.ids = list(ids)
        self._code = {name: code for code, name in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def get(self, name: str) -> int:
        """The code, -1 if unknown."""
        return self._code.get(name, -1)

    def add(self, name: str) -> int:
        code = self._code.get(name)
        if code is None:
            code = len(self.ids)
            self.ids.append(name)
            self._code[name] = code
        return code


class Histories:
    """Histories of all users of a dataset group.

    Bulk data is sorted once into one run of events a user. Streamed events wait in short lists a user and
    are merged when that user is asked for. An event that is there twice with the same time and properties
    counts once, as in the service, so that adding an event that the bulk data already has does no harm.
    """

    def __init__(self, bulk: pa.Table | None = None) -> None:
        self.items = Codes()
        self.event_types = Codes()
        self._users: dict[str, int] = {}
        self._starts = np.zeros(1, np.int64)
        self._bulk = _NOTHING
        self._streamed: dict[str, list[tuple[int, int, int, float]]] = {}
        self._sessions: dict[str, set[str]] = {}
        self._count = np.zeros(64, np.int64)
        self._first, self._last = np.full(64, NEVER), np.zeros(64, np.int64)
        self._lock = threading.Lock()
        if bulk is not None and bulk.num_rows:
            self._load(bulk)

    def add(self, events: Iterable[StreamedEvent]) -> None:
        """Events accepted now; the next `of` sees them."""
        with self._lock:
            for event in events:
                owner = event.user_id or event.session_id
                if owner is None:
                    continue
                if event.user_id and event.session_id and event.session_id != event.user_id:
                    self._sessions.setdefault(event.user_id, set()).add(event.session_id)
                if event.item_id is None:
                    continue
                kind = NO_TYPE if event.event_type is None else self.event_types.add(event.event_type.lower())
                value = np.nan if event.event_value is None else float(event.event_value)
                item = self.items.add(event.item_id)
                self._streamed.setdefault(owner, []).append((event.timestamp, item, kind, value))
                self._count_event(item, event.timestamp)

    def of(self, user_id: str | None) -> Events:
        """All events of a user (or of an anonymous session), oldest first, those before sign-in included."""
        if user_id is None:
            return _NOTHING
        own = self._bulk_of(user_id)
        streamed = self._streamed_of(user_id) if self._streamed else ()
        if not streamed:
            return own
        times, items, kinds, values = zip(*streamed, strict=True)
        merged = Events(
            np.concatenate([own.items, np.array(items, np.int32)]),
            np.concatenate([own.times, np.array(times, np.int64)]),
            np.concatenate([own.types, np.array(kinds, np.int16)]),
            np.concatenate([own.values, np.array(values, np.float32)]),
        )
        return _sorted_and_deduplicated(merged)

    @property
    def has_streamed(self) -> bool:
        """Whether any event came one by one."""
        return bool(self._streamed)

    def all(self) -> Events:
        """The events of everybody, in no order."""
        with self._lock:
            streamed = [event for events in self._streamed.values() for event in events]
        if not streamed:
            return self._bulk
        times, items, kinds, values = zip(*streamed, strict=True)
        bulk = self._bulk
        return Events(
            np.concatenate([bulk.items, np.array(items, np.int32)]),
            np.concatenate([bulk.times, np.array(times, np.int64)]),
            np.concatenate([bulk.types, np.array(kinds, np.int16)]),
            np.concatenate([bulk.values, np.array(values, np.float32)]),
        )

    def version(self, user_id: str) -> tuple[int, int]:
        """Changes whenever `of` would: a key for what was computed from a history."""
        sessions = self._sessions.get(user_id, ())
        streamed = len(self._streamed.get(user_id, ())) + sum(
            len(self._streamed.get(s, ())) for s in sessions
        )
        return id(self._bulk), streamed + len(sessions)

    def users(self) -> list[str]:
        """Every user with an event, anonymous sessions that later signed in left out."""
        signed_in = set().union(*self._sessions.values()) if self._sessions else set()
        return [*self._users, *(u for u in self._streamed if u not in self._users and u not in signed_in)]

    def newest_users(self, count: int) -> list[str]:
        """Up to ``count`` users of the bulk data, who did something last first."""
        starts, names = self._starts, list(self._users)
        last = self._bulk.times[np.maximum(starts[1:] - 1, 0)] if len(names) else np.empty(0, np.int64)
        return [names[user] for user in np.argsort(-last, kind="stable")[:count].tolist()]

    def first_seen(self) -> np.ndarray:
        """int64 [items]: time of the oldest event of each item code, `NEVER` where there is none."""
        return self._first[: len(self.items)]

    def last_seen(self) -> np.ndarray:
        """int64 [items]: time of the newest event of each item code, 0 where there is none."""
        return self._last[: len(self.items)]

    def counts(self) -> np.ndarray:
        """int64 [items]: events of each item code."""
        return self._count[: len(self.items)]

    def _bulk_of(self, user_id: str) -> Events:
        user = self._users.get(user_id)
        if user is None:
            return _NOTHING
        part = slice(*self._starts[user : user + 2].tolist())
        bulk = self._bulk
        return Events(bulk.items[part], bulk.times[part], bulk.types[part], bulk.values[part])

    def _streamed_of(self, user_id: str) -> list[tuple[int, int, int, float]]:
        with self._lock:
            events = list(self._streamed.get(user_id, ()))
            for session in self._sessions.get(user_id, ()):
                events.extend(self._streamed.get(session, ()))
        return events

    def _count_event(self, item: int, time: int) -> None:
        if item >= len(self._count):
            more = np.zeros(len(self._count), np.int64)
            self._last = np.concatenate([self._last, more])
            self._first = np.concatenate([self._first, np.full(len(more), NEVER)])
            self._count = np.concatenate([self._count, more])
        self._count[item] += 1
        self._last[item] = max(self._last[item], time)
        self._first[item] = min(self._first[item], time)

    def _load(self, table: pa.Table) -> None:
        users = _encoded(table.column("USER_ID"))
        items = _encoded(table.column("ITEM_ID"))
        times = table.column("TIMESTAMP").to_numpy().astype(np.int64)
        codes = users.indices.to_numpy()
        order = np.lexsort((times, codes))
        self._users = {name: code for code, name in enumerate(users.dictionary.to_pylist())}
        self._starts = np.searchsorted(codes[order], np.arange(len(self._users) + 1))
        self.items = Codes(items.dictionary.to_pylist())
        kinds = np.full(len(times), NO_TYPE, np.int16)
        if "EVENT_TYPE" in table.column_names:
            kinds = self._event_kinds(table.column("EVENT_TYPE"))
        values = np.full(len(times), np.nan, np.float32)
        if "EVENT_VALUE" in table.column_names:
            column = pc.cast(table.column("EVENT_VALUE"), pa.float32())
            values = column.to_numpy().astype(np.float32)
        self._bulk = Events(
            items.indices.to_numpy()[order].astype(np.int32), times[order], kinds[order], values[order]
        )
        self._count = np.bincount(self._bulk.items, minlength=64)
        self._last = np.zeros(len(self._count), np.int64)
        np.maximum.at(self._last, self._bulk.items, self._bulk.times)
        self._first = np.full(len(self._count), NEVER)
        np.minimum.at(self._first, self._bulk.items, self._bulk.times)

    def _event_kinds(self, column: pa.ChunkedArray) -> np.ndarray:
        encoded = _encoded(column)
        codes = np.array(
            [self.event_types.add(kind.lower()) for kind in encoded.dictionary.to_pylist()] + [NO_TYPE]
        )
        types: np.ndarray = codes[pc.fill_null(encoded.indices, -1).to_numpy()].astype(np.int16)
        return types


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if pa.types.is_dictionary(column.type):
        column = pc.cast(column, column.type.value_type)
    combined = pc.cast(column, pa.string()).combine_chunks()
    if isinstance(combined, pa.ChunkedArray):
        combined = pa.concat_arrays(combined.chunks)
    return combined.dictionary_encode()


def _sorted_and_deduplicated(events: Events) -> Events:
    """Oldest first and without exact duplicates; events of one second keep the order in which they came."""
    order = np.argsort(events.times, kind="stable")
    seen: set[tuple[int, int, int, float | None]] = set()
    rows = []
    for at in order.tolist():
        value = float(events.values[at])
        key = (
            int(events.times[at]),
            int(events.items[at]),
            int(events.types[at]),
            None if value != value else value,
        )
        if key not in seen:
            seen.add(key)
            rows.append(at)
    return events.where(np.array(rows, np.int64))


@dataclass(frozen=True)
class EventRule:
    """Which events a solution looks at: a type (None: any) and the least value (None: any)."""

    event_type: str | None = None
    least_value: float | None = None


@dataclass(frozen=True)
class EventSelection:
    """The solution's `eventType` / `eventValueThreshold`, or its `eventsConfig`; no rules: every event."""

    rules: tuple[EventRule, ...] = ()

    @classmethod
    def from_solution_config(cls, event_type: str | None, config: Mapping[str, Any] | None) -> EventSelection:
        """From the wire: ``eventType`` of the solution and its ``solutionConfig``."""
        config = config or {}
        listed = (config.get("eventsConfig") or {}).get("eventParametersList") or ()
        rules = [EventRule(p.get("eventType"), p.get("eventValueThreshold")) for p in listed]
        threshold = config.get("eventValueThreshold")
        if not rules and (event_type or threshold not in (None, "")):
            least = float(str(threshold)) if threshold not in (None, "") else None
            rules = [EventRule(event_type or None, least)]
        return cls(tuple(rules))

    def apply(self, events: Events, event_types: Codes) -> Events:
        """Only the events that a rule asks for; the others don't reach the model."""
        if not self.rules or not len(events):
            return events
        selected = np.zeros(len(events), bool)
        for rule in self.rules:
            mask = np.ones(len(events), bool)
            if rule.event_type:
                kind = event_types.get(rule.event_type.lower())
                mask = (events.types == kind) & (kind != NO_TYPE)
            if rule.least_value is not None:
                mask &= events.values >= rule.least_value
            selected |= mask
        return events.where(selected)
