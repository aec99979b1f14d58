"""The service's minimum for training: 1,000 interactions, and 25 users with two of them.

A day alone may be below it, so partitions only note what is needed to decide for all of them together.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

INTERACTIONS = 1_000
USERS_WITH_TWO = 25
#: Users that a partition lists when it has fewer than 25 with two interactions itself.
LISTED = 500


class ActiveUserCounter:
    """Counts users with two interactions until there are enough of them."""

    def __init__(self) -> None:
        self._counts: Counter[Any] = Counter()
        self._enough = False

    def add(self, users: pa.Array) -> None:
        if self._enough:
            return
        counted = pc.value_counts(users)
        if (pc.sum(pc.greater(counted.field("counts"), 1)).as_py() or 0) >= USERS_WITH_TWO:
            self._enough = True
            return
        for user, count in zip(
            *(counted.field(name).to_pylist() for name in ("values", "counts")), strict=True
        ):
            self._counts[str(user)] += count
        self._enough = self._two() >= USERS_WITH_TWO

    def note(self) -> dict[str, Any]:
        """What the manifest keeps."""
        if self._enough:
            return {"with_two": USERS_WITH_TWO}
        listed = self._counts.most_common(LISTED)
        return {
            "with_two": self._two(),
            "counts": {_hash(user): min(count, 2) for user, count in listed},
            "complete": len(listed) == len(self._counts),
        }

    def _two(self) -> int:
        return sum(1 for count in self._counts.values() if count > 1)


def shortfall(rows: int, notes: Sequence[Mapping[str, Any]]) -> str | None:
    """What the partitions together lack for a training, None when nothing does, or when that is not known."""
    if rows < INTERACTIONS:
        return f"{rows:,} interactions, the service needs {INTERACTIONS:,}"
    if any(note.get("with_two", 0) >= USERS_WITH_TWO for note in notes):
        return None
    counts: Counter[str] = Counter()
    for note in notes:
        counts.update(note.get("counts", {}))
    with_two = sum(1 for count in counts.values() if count > 1)
    if with_two >= USERS_WITH_TWO or not all(note.get("complete", False) for note in notes):
        return None
    return f"{with_two} users with two interactions, the service needs {USERS_WITH_TWO}"


def merged(notes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The note of slices that are one partition."""
    counts: Counter[str] = Counter()
    for note in notes:
        counts.update(note.get("counts", {}))
    with_two = sum(1 for count in counts.values() if count > 1)
    most = max([with_two, *(note.get("with_two", 0) for note in notes)], default=0)
    if most >= USERS_WITH_TWO:
        return {"with_two": USERS_WITH_TWO}
    listed = counts.most_common(LISTED)
    complete = len(listed) == len(counts) and all(note.get("complete", False) for note in notes)
    return {"with_two": most, "counts": {user: min(n, 2) for user, n in listed}, "complete": complete}


def _hash(user: str) -> str:
    return hashlib.blake2b(user.encode(), digest_size=8).hexdigest()
