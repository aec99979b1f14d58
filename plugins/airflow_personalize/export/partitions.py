"""A partition: the half-open slice of a dataset that is exported, and replaced, as one."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_personalize.export.exceptions import ExportError

FULL = "full"
DAY = timedelta(days=1)
_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,99}\Z")


@dataclass(frozen=True)
class Partition:
    """`start` and `end` bound the rows in time, `low` and `high` by the key that a wide partition is cut by.

    Both ranges are half-open. A partition without any bound is the whole table. `shard` counts the slices of
    a wide partition from 0; all of them share one `attempt`.
    """

    key: str
    start: datetime | None = None
    end: datetime | None = None
    low: int | datetime | str | None = None
    high: int | datetime | str | None = None
    shard: int | None = None
    shards: int = 1
    attempt: str | None = None

    def __post_init__(self) -> None:
        if not _SAFE_KEY.match(self.key):
            raise ExportError(f"partition key {self.key!r}: use letters, digits and ._:+- as in 2026-01-31")
        if (self.start is None) != (self.end is None):
            raise ExportError(f"partition {self.key!r}: give both start and end, or neither")
        if self.start and self.end and self.start >= self.end:
            raise ExportError(
                f"partition {self.key!r}: [{self.start.isoformat()}, {self.end.isoformat()}) is empty. "
                "A manual run has no interval of its own: give `partitions`, or trigger with a partition key"
            )

    @property
    def directory(self) -> str:
        """The partition's folder below the dataset's."""
        return FULL if self.key == FULL else f"dt={self.key}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The values that the query's markers stand for."""
        named = {"start": self.start, "end": self.end, "low": self.low, "high": self.high}
        return {name: value for name, value in named.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """JSON for XCom; `from_dict` reads it back."""
        values = {name: value for name, value in vars(self).items() if value is not None}
        if values.pop("shards") > 1:
            values["shards"] = self.shards
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Partition:
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown or "key" not in values:
            raise ExportError(
                f"partition {dict(values)!r}: give key, start and end; not {', '.join(unknown)}"
            )
        key = str(values["key"])
        return cls(
            key=key,
            start=_instant(values.get("start"), "start", key),
            end=_instant(values.get("end"), "end", key),
            low=_cut(values.get("low")),
            high=_cut(values.get("high")),
            shard=values.get("shard"),
            shards=values.get("shards", 1),
            attempt=values.get("attempt"),
        )


def day(key: str) -> Partition:
    """The UTC day that a partition key names: `2026-01-31`, or any ISO instant at its midnight."""
    try:
        start = _utc(datetime.fromisoformat(key))
    except ValueError as error:
        raise ExportError(f"partition key {key!r} is no ISO date: set key_format to %Y-%m-%d") from error
    return interval(start, start + DAY)


def interval(start: datetime, end: datetime) -> Partition:
    """A partition named after its interval: a whole UTC day by its date, anything else by both bounds."""
    start, end = _utc(start), _utc(end)
    midnight = start == start.replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight and end - start == DAY:
        return Partition(start.date().isoformat(), start, end)
    return Partition(f"{_compact(start)}-{_compact(end)}", start, end)


def from_context(context: Mapping[str, Any], dataset_type: str) -> list[Partition]:
    """What a run exports when its task names no partitions.

    Users and items are exported whole. Interactions are exported by the run's partition key (a day) or, in
    a run without one, by its data interval.
    """
    if dataset_type != "INTERACTIONS":
        return [Partition(FULL)]
    run = context.get("dag_run")
    key = context.get("partition_key") or getattr(run, "partition_key", None)
    if key:
        return [day(key)]
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if start is None or end is None:
        raise ExportError(
            "the run has neither a partition key nor a data interval. Trigger it with a partition key, "
            "backfill it, or give the task `partitions`"
        )
    return [interval(start, end)]


def cut_in_time(partition: Partition, shards: int) -> list[Partition]:
    """Slices of equal duration; together they are exactly the partition.

    Where they last a second or more, they begin at whole seconds, which is what exported instants are.
    """
    if partition.start is None or partition.end is None:
        raise ExportError(f"partition {partition.key!r} has no interval to cut: give bounds_sql instead")
    step = (partition.end - partition.start) / shards
    inner = [partition.start + step * index for index in range(1, shards)]
    if step >= timedelta(seconds=1):
        inner = [edge.replace(microsecond=0) for edge in inner]
    edges = [partition.start, *inner, partition.end]
    return _numbered([replace(partition, start=a, end=b) for a, b in itertools.pairwise(edges)])


def cut_by_key(partition: Partition, first: int, last: int, shards: int) -> list[Partition]:
    """Slices of the key range first..last (both included), as even as whole numbers allow."""
    width = last - first + 1
    shards = max(1, min(shards, width))
    edges = [first + width * index // shards for index in range(shards + 1)]
    return _numbered([replace(partition, low=a, high=b) for a, b in itertools.pairwise(edges)])


def _numbered(slices: Sequence[Partition]) -> list[Partition]:
    return [replace(part, shard=index, shards=len(slices)) for index, part in enumerate(slices)]


def _instant(value: Any, name: str, key: str) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return _utc(value) if value else None
    try:
        return _utc(datetime.fromisoformat(str(value)))
    except ValueError as error:
        raise ExportError(f"partition {key!r}: {name} {value!r} is no ISO date and time") from error


def _cut(value: Any) -> int | str | datetime | None:
    return value if value is None or isinstance(value, int | datetime) else str(value)


def _utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _compact(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H%M%S")
