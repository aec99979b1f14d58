"""Rows picked evenly from a stream of unknown length: one of each block, and blocks double as the stream grows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.statistics.hashing import mixed

#: Texts are kept up to here: longer ones would make the sample heavier than it is worth.
TEXT_KEPT = 100


class RowSample:
    """At most `capacity` rows, at least half as many once that many came.

    The place within a block is drawn, so that rows that alternate are not missed. The draw is the same in each export.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.stride = 1
        self._rows_seen = 0
        self._batches: list[pa.RecordBatch] = []
        self._rows_kept = 0
        self._to_come = np.empty(0, np.int64)  # places in blocks that a batch has begun and not ended

    def add(self, batch: pa.RecordBatch) -> None:
        first, self._rows_seen = self._rows_seen, self._rows_seen + batch.num_rows
        if self.stride > 1:
            blocks = np.arange(-(-first // self.stride), -(-self._rows_seen // self.stride)) * self.stride
            drawn = blocks + _draw(blocks, self.stride)
            positions = np.concatenate([self._to_come, drawn])
            self._to_come = positions[positions >= self._rows_seen]
            batch = batch.take(pa.array(positions[positions < self._rows_seen] - first))
        if batch.num_rows:
            self._batches.append(_shortened(batch))
            self._rows_kept += batch.num_rows
        while self._rows_kept > self.capacity:
            self._thin()

    def column(self, position: int) -> pa.Array:
        return pa.chunked_array([batch.column(position) for batch in self._batches]).combine_chunks()

    @property
    def rows(self) -> int:
        return self._rows_kept

    def _thin(self) -> None:
        """Keep one of each two neighbours."""
        whole = pa.Table.from_batches(self._batches).combine_chunks()
        pairs = np.arange(0, whole.num_rows, 2)
        picked = pairs + _draw(pairs + self.stride, 2)
        thinned = whole.take(pa.array(picked[picked < whole.num_rows])).combine_chunks()
        self._batches, self._rows_kept = thinned.to_batches(), thinned.num_rows
        self.stride *= 2


def _draw(numbers: npt.NDArray[np.int64], below: int) -> npt.NDArray[np.int64]:
    """A number from 0 to `below`, a power of two, for each: by hashing, as numpy.random takes megabytes to import."""
    hashed = mixed(numbers.view(np.uint64) + np.uint64(1)) >> np.uint64(20)
    return (hashed & np.uint64(below - 1)).astype(np.int64)


def _shortened(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        pc.utf8_slice_codeunits(column, 0, TEXT_KEPT) if pt.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
