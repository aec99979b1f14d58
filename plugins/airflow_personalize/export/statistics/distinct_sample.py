"""How many distinct values there are and how often each comes, from a sample of values of fixed size.

Distinct sampling (P. B. Gibbons, "Distinct Sampling for Highly-Accurate Answers to Distinct Values Queries and Event
Reports", VLDB 2001; adaptive sampling is P. Flajolet's, Computing 43, 1990): all rows of a value are kept, or none, by
whether its hash is below a threshold, which is halved whenever too many values are kept. Up to `capacity` values all
figures are exact. Beyond, the standard error of a count is about 1.2 / sqrt(capacity).

Samples of one kind of id choose alike, so those of partitions can be merged, and those of two datasets compared.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from airflow_personalize.export.statistics.hashing import Hashes

_MOST = np.iinfo(np.uint16).max
_LOW_BITS = np.uint64((1 << 14) - 1)


class DistinctSample:
    """The values (as hashes) below a threshold, and how often each was seen.

    :param capacity: the most values that are kept
    :param counted: up to how often a value is counted; rows of one that has come so often cost next to nothing
    """

    def __init__(self, capacity: int, counted: int = _MOST) -> None:
        self.capacity = capacity
        self.counted = counted
        self.level = 0
        self._values: Hashes = np.empty(0, np.uint64)
        self._counts: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._pending: list[Hashes] = []
        self._pending_rows = 0
        self._done: Hashes | None = None  # values that were counted up, each in the place of its last bits

    def takes(self, hashed: Hashes) -> npt.NDArray[np.bool_]:
        """Which rows are sampled now."""
        return hashed < self._threshold if self.level else np.ones(len(hashed), bool)

    def add(self, hashed: Hashes) -> None:
        """Rows, each by the hash of its value."""
        sampled = hashed[self.takes(hashed)] if self.level else hashed
        if self._done is not None:
            sampled = sampled[self._done[sampled & _LOW_BITS] != sampled]
        if len(sampled):
            self._pending.append(sampled)
            self._pending_rows += len(sampled)
        if self._pending_rows > self.capacity:
            self._compact()

    @property
    def is_exact(self) -> bool:
        self._compact()
        return self.level == 0

    def distinct(self) -> int:
        self._compact()
        return len(self._values) << self.level

    def at_least(self, times: int) -> int:
        """How many values were seen so often."""
        self._compact()
        return int(np.count_nonzero(self._counts >= times)) << self.level

    def repeated_rows(self) -> int:
        """Rows beyond the first of their value, as far as they were counted."""
        self._compact()
        return int(self._counts.sum() - len(self._counts)) << self.level

    def share_outside(self, other: DistinctSample) -> float | None:
        """The share of values here that `other` has not seen; None where the sample is empty."""
        self._compact()
        other._compact()
        level = max(self.level, other.level)
        own, others = (sample._values[sample._values < _threshold(level)] for sample in (self, other))
        if not len(own):
            return None
        return 1 - len(np.intersect1d(own, others, assume_unique=True)) / len(own)

    def to_dict(self) -> dict[str, Any]:
        self._compact()
        counts = np.minimum(self._counts, min(self.counted, _MOST)).astype("<u2")
        return {
            "capacity": self.capacity,
            "counted": self.counted,
            "level": self.level,
            "values": base64.b64encode(self._values.astype("<u8").tobytes()).decode(),
            "counts": base64.b64encode(counts.tobytes()).decode(),
        }

    @classmethod
    def from_dict(cls, written: Mapping[str, Any]) -> DistinctSample:
        sample = cls(int(written["capacity"]), int(written.get("counted", _MOST)))
        sample.level = int(written["level"])
        sample._values = np.frombuffer(base64.b64decode(written["values"]), "<u8").astype(np.uint64)
        sample._counts = np.frombuffer(base64.b64decode(written["counts"]), "<u2").astype(np.int64)
        return sample

    @classmethod
    def merged(cls, samples: Sequence[DistinctSample]) -> DistinctSample:
        """One over the rows of all."""
        whole = cls(min(sample.capacity for sample in samples), min(sample.counted for sample in samples))
        for sample in samples:
            sample._compact()
        whole.level = max(sample.level for sample in samples)
        whole._fold(
            np.concatenate([sample._values for sample in samples]),
            np.concatenate([sample._counts for sample in samples]),
        )
        return whole

    @property
    def _threshold(self) -> np.uint64:
        return _threshold(self.level)

    def _compact(self) -> None:
        if not self._pending:
            return
        values, counts = np.unique(np.concatenate(self._pending), return_counts=True)
        self._pending, self._pending_rows = [], 0
        self._fold(np.concatenate([self._values, values]), np.concatenate([self._counts, counts]))
        done = self._values[self._counts >= self.counted]
        if len(done):
            if self._done is None:  # in each place at first what has its own elsewhere
                self._done = np.arange(1, int(_LOW_BITS) + 2, dtype=np.uint64)
            self._done[done & _LOW_BITS] = done

    def _fold(self, values: Hashes, counts: npt.NDArray[np.int64]) -> None:
        below = self.takes(values)
        values, counts = values[below], counts[below]
        order = np.argsort(values, kind="stable")  # a merge, as both parts are sorted
        values = values[order]
        first = np.flatnonzero(np.diff(values, prepend=values[:1] + np.uint64(1)))
        self._values = values[first]
        self._counts = np.add.reduceat(counts[order], first) if len(first) else counts
        while len(self._values) > self.capacity:
            self.level += 1
            below = self._values < self._threshold
            self._values, self._counts = self._values[below], self._counts[below]


def _threshold(level: int) -> np.uint64:
    return np.uint64((1 << (64 - level)) - (not level))
