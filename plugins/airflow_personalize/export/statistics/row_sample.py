"""Rows picked evenly from a stream of unknown length: one of each block, and blocks double as the stream grows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

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
        self._random = np.random.default_rng(0)

    def add(self, batch: pa.RecordBatch) -> None:
        first, self._rows_seen = self._rows_seen, self._rows_seen + batch.num_rows
        if self.stride > 1:
            blocks = np.arange(-(-first // self.stride), -(-self._rows_seen // self.stride)) * self.stride
            drawn = blocks + self._random.integers(0, self.stride, len(blocks))
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
        picked = pairs + self._random.integers(0, 2, len(pairs))
        thinned = whole.take(pa.array(picked[picked < whole.num_rows])).combine_chunks()
        self._batches, self._rows_kept = thinned.to_batches(), thinned.num_rows
        self.stride *= 2


def _shortened(batch: pa.RecordBatch) -> pa.RecordBatch:
    columns = [
        pc.utf8_slice_codeunits(column, 0, TEXT_KEPT) if pt.is_string(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
