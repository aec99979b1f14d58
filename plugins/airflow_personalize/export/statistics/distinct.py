"""Which ids were seen, and how many: exact, in memory that grows with distinct ids and not with rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.masks import Mask, none_of

#: Integers below this are marked in a table of one byte each.
TABLE_LIMIT = 1 << 25
_COMPACT_AT = 1 << 18
_NEGATIVE = -(1 << 63)


class DistinctCounter:
    """Counts the distinct values of a column that comes in batches."""

    def __init__(self) -> None:
        self._table = np.zeros(1 << 16, dtype=bool)
        self._seen: pa.Array | None = None
        self._pending: list[pa.Array] = []
        self._pending_rows = 0

    def add(self, values: pa.Array) -> None:
        if pt.is_integer(values.type):
            values = self._mark(values)
        if not len(values):
            return
        unique = pc.unique(values)
        self._pending.append(unique.cast(pa.string()))
        self._pending_rows += len(unique)
        if self._pending_rows > max(_COMPACT_AT, 0 if self._seen is None else len(self._seen)):
            self._compact()

    def count(self) -> int:
        return len(self._texts()) + int(np.count_nonzero(self._table))

    def values(self) -> pa.Array:
        """Every distinct value, as text."""
        numbers = pa.array(np.flatnonzero(self._table)).cast(pa.string())
        return pa.concat_arrays([numbers, self._texts()])

    def _mark(self, values: pa.Array) -> pa.Array:
        """Mark the small integers in the table and return the others."""
        small = (values.drop_null() if values.null_count else values).to_numpy()
        rest = small[:0]
        if len(small) and (small.min() < 0 or small.max() >= TABLE_LIMIT):
            fits = (small >= 0) & (small < TABLE_LIMIT)
            small, rest = small[fits], small[~fits]
        if len(small):
            self._table = _room_for(int(small.max()), self._table)
            self._table[small] = True
        return pa.array(rest)

    def _texts(self) -> pa.Array:
        self._compact()
        return pa.array([], pa.string()) if self._seen is None else self._seen

    def _compact(self) -> None:
        """Fold what came since into what is known."""
        if not self._pending:
            return
        known = [] if self._seen is None else [self._seen]
        merged = pc.unique(pa.chunked_array(known + self._pending)).drop_null()
        self._seen, self._pending, self._pending_rows = merged, [], 0


class DistinctIds:
    """Counts the distinct users and items of partitions that may share some."""

    def __init__(self) -> None:
        self._counters: dict[str, DistinctCounter] = defaultdict(DistinctCounter)

    def add(self, ids: Mapping[str, pa.Array]) -> None:
        """Take in a partition's, by canonical name."""
        for name, values in ids.items():
            self._counters[name].add(values)

    def counts(self) -> dict[str, int]:
        return {name: counter.count() for name, counter in self._counters.items()}


def ids_to(ids: Mapping[str, pa.Array]) -> bytes:
    """Columns of ids, of different lengths, as Arrow's stream format."""
    sink = pa.BufferOutputStream()
    batch = pa.RecordBatch.from_pydict(
        {name: pa.ListArray.from_arrays([0, len(values)], values) for name, values in ids.items()}
    )
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def ids_from(written: bytes) -> dict[str, pa.Array]:
    """What `ids_to` wrote."""
    batch = pa.ipc.open_stream(written).read_next_batch()
    return {name: batch.column(name).flatten() for name in batch.schema.names}


class SeenIds:
    """Tells which ids came before, within a batch and across batches.

    Integers below `TABLE_LIMIT` are exact, as numbers or as their digits. Of all other ids 63 bits of a
    SipHash are kept, eight bytes an id: of 20 million, one is taken for another's duplicate in 1 of 50,000
    exports.
    """

    def __init__(self) -> None:
        self._table = np.zeros(1 << 16, dtype=bool)
        self._runs: list[npt.NDArray[np.int64]] = []

    def repeated(self, ids: pa.Array, accepted: Mask | None) -> Mask:
        """Where an id was seen before; rows outside `kept` neither count nor are marked."""
        candidates = np.flatnonzero(accepted) if accepted is not None else np.arange(len(ids))
        keys = self._keys(ids.take(pa.array(candidates)) if accepted is not None else ids)
        _, first = np.unique(keys, return_index=True)
        seen_before = np.ones(len(keys), dtype=bool)
        seen_before[first] = False
        seen_before |= self._known(keys)
        self._remember(keys[~seen_before])
        result = none_of(ids)
        result[candidates[seen_before]] = True
        return result

    def _keys(self, ids: pa.Array) -> npt.NDArray[np.int64]:
        """Small integers as they are; hashes are negative, so that the two never meet."""
        if pt.is_integer(ids.type) and len(ids):
            numbers: npt.NDArray[np.integer[Any]] = ids.to_numpy()
            if numbers.min() >= 0 and numbers.max() < TABLE_LIMIT:
                return numbers.astype(np.int64)
        spelled = ids.cast(pa.string()).to_pylist()
        return np.fromiter(map(_key, spelled), dtype=np.int64, count=len(spelled))

    def _known(self, keys: npt.NDArray[np.int64]) -> Mask:
        known = np.zeros(len(keys), dtype=bool)
        small = (keys >= 0) & (keys < len(self._table))
        known[small] = self._table[keys[small]]
        for run in self._runs:
            position = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            known |= run[position] == keys
        return known

    def _remember(self, keys: npt.NDArray[np.int64]) -> None:
        small = keys[keys >= 0]
        if len(small):
            self._table = _room_for(int(small.max()), self._table)
            self._table[small] = True
        run = np.sort(keys[keys < 0])
        if len(run):
            # Runs double in size, so that each id is merged only a logarithmic number of times.
            while self._runs and len(self._runs[-1]) <= len(run):
                run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
            self._runs.append(run)


def _key(text: str) -> int:
    if len(text) < 8 and text.isascii() and text.isdigit() and (text[0] != "0" or text == "0"):
        return int(text)
    return hash(text) | _NEGATIVE


def _room_for(number: int, table: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    if number < len(table):
        return table
    size = max(number + 1, 2 * len(table))
    return np.concatenate([table, np.zeros(size - len(table), dtype=bool)])
