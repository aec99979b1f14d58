"""The data of dataset groups in memory: loaded when first needed, kept up to date by what is accepted."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from localpersonalize.runtime.deployment import GroupData
from localpersonalize.runtime.histories import Histories, StreamedEvent
from localpersonalize.runtime.interfaces import Datasets
from localpersonalize.runtime.metadata import Metadata


@dataclass
class _Accepted:
    """What came in while a group was read, and may be missing in what was read."""

    events: list[StreamedEvent] = field(default_factory=list)
    items: list[Mapping[str, Any]] = field(default_factory=list)
    users: list[Mapping[str, Any]] = field(default_factory=list)


class GroupDataCache:
    """`GroupData` by dataset group ARN. What was accepted is seen by the next request; an import by those
    after `reload`, until which requests are answered from the data before it.
    """

    def __init__(self, datasets: Datasets) -> None:
        self.datasets = datasets
        self._cache: dict[str, GroupData] = {}
        self._meanwhile: dict[str, _Accepted] = {}  # while a group is loaded, by its ARN
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, group_arn: str) -> GroupData:
        cached = self._cache.get(group_arn)
        if cached is not None:
            return cached
        with self._lock_of(group_arn):
            cached = self._cache.get(group_arn)
            return cached if cached is not None else self._load(group_arn)

    def loaded(self, group_arn: str) -> bool:
        return group_arn in self._cache

    def reload(self, group_arn: str) -> GroupData:
        """Read everything again, after an import or a deletion; does nothing to a group that nobody asked
        for.
        """
        with self._lock_of(group_arn):
            return self._load(group_arn)

    def forget(self, group_arn: str) -> None:
        self._cache.pop(group_arn, None)

    def put_events(self, group_arn: str, events: Sequence[StreamedEvent]) -> None:
        """Events that were just accepted and stored."""
        with self._lock:
            if group_arn in self._meanwhile:
                self._meanwhile[group_arn].events.extend(events)
        cached = self._cache.get(group_arn)
        if cached is not None:
            cached.histories.add(events)

    def put_items(self, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Items that were just accepted and stored, upper-case fields."""
        with self._lock:
            if group_arn in self._meanwhile:
                self._meanwhile[group_arn].items.extend(rows)
            cached = self._cache.get(group_arn)
            if cached is not None:
                items = cached.items.with_rows(rows)
                self._cache[group_arn] = replace(cached, items=items, revision=cached.revision + 1)

    def put_users(self, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Users likewise."""
        with self._lock:
            if group_arn in self._meanwhile:
                self._meanwhile[group_arn].users.extend(rows)
            cached = self._cache.get(group_arn)
            if cached is not None:
                self._cache[group_arn] = replace(cached, users=cached.users.with_rows(rows))

    def _load(self, group_arn: str) -> GroupData:
        with self._lock:
            self._meanwhile[group_arn] = _Accepted()
        histories = Histories(self.datasets.bulk_interactions(group_arn))
        histories.add(self.datasets.streamed_events(group_arn))
        users, items = self._metadata(group_arn, "USERS"), self._metadata(group_arn, "ITEMS")
        with self._lock:
            accepted = self._meanwhile.pop(group_arn)
            histories.add(accepted.events)
            users, items = users.with_rows(accepted.users), items.with_rows(accepted.items)
            before = self._cache.get(group_arn)
            cached = GroupData(histories, users, items, before.revision + 1 if before else 0)
            self._cache[group_arn] = cached
        return cached

    def _metadata(self, group_arn: str, dataset_type: str) -> Metadata:
        table = self.datasets.items(group_arn) if dataset_type == "ITEMS" else self.datasets.users(group_arn)
        schema = self.datasets.schema(group_arn, dataset_type) or {}
        categorical = frozenset(f["name"].upper() for f in schema.get("fields", ()) if f.get("categorical"))
        fields = frozenset(f["name"].upper() for f in schema.get("fields", ()))
        return Metadata(table, f"{dataset_type[:-1]}_ID", categorical, fields=fields)

    def _lock_of(self, group_arn: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault(group_arn, threading.Lock())
