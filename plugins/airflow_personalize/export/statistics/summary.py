"""What an export did, in numbers: the XCom of the task and the proof that no row got lost."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from airflow_personalize.export.exceptions import ExportError


@dataclass(frozen=True)
class Summary:
    """One partition, or one slice of a wide one.

    `rows_written + rows_rejected == rows_read`. Timestamps are epoch seconds. `content_hash` is the SHA-256
    of the lines in the order they were written, without headers. `files` are the finished objects. `replaces` is the
    attempt that was the partition before the database was read.
    """

    key: str
    rows_read: int = 0
    rows_written: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    dropped_values: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    parts: int = 0
    files: Sequence[Mapping[str, Any]] = ()
    min_timestamp: int | None = None
    max_timestamp: int | None = None
    distinct_users: int | None = None
    distinct_items: int | None = None
    content_hash: str = ""
    schema_hash: str = ""
    seconds: float = 0.0
    attempt: str = ""
    read_at: str = ""
    replaces: str | None = None
    rejected_location: str | None = None
    manifest: str | None = None
    superseded: bool = False
    users: Mapping[str, Any] = field(default_factory=dict)
    event_types: Sequence[str] = ()
    metadata_columns: int = 0
    partition: Mapping[str, Any] = field(default_factory=dict)
    ids: str | None = None
    examples: Sequence[str] = ()
    row_ids: Sequence[str] = ()
    profile: str | None = None

    @property
    def rows_rejected(self) -> int:
        return sum(self.rejected.values())

    def __post_init__(self) -> None:
        if self.rows_written + self.rows_rejected != self.rows_read:
            raise ExportError(
                f"partition {self.key!r}: {self.rows_read:,} rows read, but {self.rows_written:,} "
                f"written and {self.rows_rejected:,} rejected. This is a bug of the export; "
                "the partition stays as it was"
            )

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "rows_rejected": self.rows_rejected}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Summary:
        return cls(**{name: values[name] for name in cls.__dataclass_fields__ if name in values})


def total(
    summaries: Sequence[Summary], dataset: str, location: str, distinct: Mapping[str, int]
) -> dict[str, Any]:
    """The sums over partitions, with the partitions themselves.

    :param distinct: the distinct ids of all partitions together, by canonical name; those of a single
        partition are in its own summary
    """
    one = summaries[0] if len(summaries) == 1 else None
    return {
        "dataset": dataset,
        "location": location,
        "rows_read": sum(summary.rows_read for summary in summaries),
        "rows_written": sum(summary.rows_written for summary in summaries),
        "rows_rejected": sum(summary.rows_rejected for summary in summaries),
        "rejected": added(summary.rejected for summary in summaries),
        "dropped_values": added(summary.dropped_values for summary in summaries),
        "bytes": sum(summary.bytes for summary in summaries),
        "parts": sum(summary.parts for summary in summaries),
        "files": sum(len(summary.files) for summary in summaries),
        "min_timestamp": least(summary.min_timestamp for summary in summaries),
        "max_timestamp": most(summary.max_timestamp for summary in summaries),
        "distinct_users": one.distinct_users if one else distinct.get("USER_ID"),
        "distinct_items": one.distinct_items if one else distinct.get("ITEM_ID"),
        "content_hash": combined_hash([summary.content_hash for summary in summaries]),
        "schema_hash": summaries[0].schema_hash if summaries else "",
        "seconds": round(sum(summary.seconds for summary in summaries), 3),
        "partitions": [summary.to_dict() for summary in summaries],
    }


def added(counts: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in counts:
        total.update(one)
    return dict(total)


def least(values: Any) -> int | None:
    return min((value for value in values if value is not None), default=None)


def most(values: Any) -> int | None:
    return max((value for value in values if value is not None), default=None)


def combined_hash(hashes: Sequence[str]) -> str:
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
