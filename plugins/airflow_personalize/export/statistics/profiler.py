"""Makes a partition's profile while its rows are written, batch by batch, in memory that does not grow with them.

Nothing looks at a row twice. Texts with few values are counted whole; of all other columns a sample of values
(`distinct_sample`) and a sample of rows (`row_sample`) are kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.schema.avro import DatasetSchema, Field
from airflow_personalize.export.statistics.distinct_sample import DistinctSample
from airflow_personalize.export.statistics.hashing import Hashes, combined, hashes, id_hashes
from airflow_personalize.export.statistics.profile import QUANTILES, TOP, ColumnProfile, Profile
from airflow_personalize.export.statistics.row_sample import TEXT_KEPT, RowSample

_IDS = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
#: What makes two events the same for a sampling of events: all copies of one are kept, or none.
_EVENT = ("USER_ID", "ITEM_ID", "TIMESTAMP")
_ID_SAMPLE, _VALUE_SAMPLE, _EVENT_SAMPLE, _ROW_SAMPLE = 2048, 512, 4096, 4096
#: Columns of more values than this are no longer counted whole.
_COUNTED = 1000
_UPPER = np.uint64(0xFFFFFFFF00000000)


class Profiler:
    """Takes in the written rows of one export.

    :param schema: of the dataset; batches have its columns
    """

    def __init__(self, schema: DatasetSchema) -> None:
        self._schema = schema
        self._columns = [_Column(field) for field in schema.fields]
        self._rows = 0
        self._incomplete = 0
        self._row_sample = RowSample(_ROW_SAMPLE)
        self._events = DistinctSample(_EVENT_SAMPLE) if schema.dataset_type == "INTERACTIONS" else None

    def add(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        columns = [
            _plain(column.field, values) for column, values in zip(self._columns, batch.columns, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
        self._rows += batch.num_rows
        self._incomplete += _incomplete(batch)
        for column, values in zip(self._columns, batch.columns, strict=True):
            column.count(values)
        hashed = {
            column.field.canonical: column.sample(values)
            for column, values in zip(self._columns, batch.columns, strict=True)
        }
        if self._events is not None:
            self._add_events(self._events, batch, hashed)
        self._row_sample.add(batch)

    def profile(self) -> Profile:
        sample, whole = self._row_sample, self._row_sample.stride == 1
        rows = [sample.column(position) if sample.rows else None for position in range(len(self._columns))]
        columns = zip(self._columns, rows, strict=True)
        return Profile(
            dataset=self._schema.dataset_type.lower(),
            rows=self._rows,
            columns=[column.profile(self._rows, sampled, whole) for column, sampled in columns],
            incomplete_rows=self._incomplete,
            repeated_events=None if self._events is None else self._events.repeated_rows(),
        )

    def counted(self, canonical: str) -> list[str]:
        """The values of a column of texts, as far as they were counted: all, or the first thousand."""
        return next(
            (list(column.counts) for column in self._columns if column.field.canonical == canonical), []
        )

    def range(self, canonical: str) -> tuple[Any, Any]:
        """The least and the greatest of a column of numbers, None where there is none."""
        ranges = (column.range for column in self._columns if column.field.canonical == canonical)
        return next(ranges, None) or (None, None)

    def _add_events(
        self, events: DistinctSample, batch: pa.RecordBatch, hashed: dict[str, Hashes | None]
    ) -> None:
        """Rows by a hash of all columns; its upper half, which says what is sampled, is of few of them."""
        event = combined(*(values for name in _EVENT if (values := hashed[name]) is not None))
        rows = np.flatnonzero(events.takes(event))
        if not len(rows):
            return
        event = event[rows]
        picked = batch.take(pa.array(rows))
        others = [
            hashes(values)
            for column, values in zip(self._columns, picked.columns, strict=True)
            if column.field.canonical not in _EVENT
        ]
        events.add((event & _UPPER) | (combined(event, *others) >> np.uint64(32)))


class _Column:
    """What is kept of one column."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.flag = (
            "id"
            if field.canonical in _IDS
            else "categorical"
            if field.categorical
            else "textual"
            if field.textual
            else ""
        )
        self.counts: Counter[str] = Counter()
        self._counting = self.flag != "id" and not field.textual and field.type in {"string", "boolean"}
        self.values = DistinctSample(_ID_SAMPLE if self.flag == "id" else _VALUE_SAMPLE, counted=2)
        self._nulls = 0
        self.range: tuple[Any, Any] | None = None

    def count(self, values: pa.Array) -> None:
        """Take in what is known of all values of a batch."""
        self._nulls += values.null_count
        if self.field.textual or values.null_count == len(values):
            return
        if self._counting:
            self._count_texts(values)
        elif not pt.is_string(values.type) and self.flag != "id":
            self._widen(values)

    def sample(self, values: pa.Array) -> Hashes | None:
        """Sample some values; returns their hashes, if they were made."""
        if self.field.textual or self._counting:
            return None
        hashed = id_hashes(values) if self.flag == "id" else hashes(values.drop_null())
        self.values.add(hashed)
        return hashed

    def profile(self, rows: int, sampled: pa.Array | None, whole: bool) -> ColumnProfile:
        """
        :param sampled: the column in the sample of rows
        :param whole: whether that has all rows
        """
        column = ColumnProfile(self.field.name, self.field.type, self.flag, rows, self._nulls)
        if self.field.textual or sampled is None or self._nulls == rows:
            return column
        if self._counting:
            self._sample_counted()
            top, complete = self._of_category(self.counts), True
            column = replace(column, distinct=len(self.counts))
        else:
            scale, counted = rows / len(sampled), pc.value_counts(sampled.drop_null())
            counts = {
                _spelled(entry["values"]): round(entry["counts"] * scale) for entry in counted.to_pylist()
            }
            top, complete = self._of_category(Counter(counts)), whole
            column = replace(column, distinct=self.values.distinct())
        if self.range is not None:
            column = replace(column, minimum=self.range[0], maximum=self.range[1])
            column = replace(column, quantiles=self._quantiles(sampled))
        frequent = {value[:TEXT_KEPT]: count for value, count in top.most_common(TOP)}
        return replace(column, top=frequent, complete=complete and len(top) <= TOP, sample=self.values)

    def _count_texts(self, values: pa.Array) -> None:
        counts = pc.value_counts(values)
        if len(self.counts) + len(counts) > _COUNTED:
            distinct = len(self.counts.keys() | set(map(_spelled, counts.field("values").to_pylist())))
            if distinct > _COUNTED:
                self._sample_counted()
                self._counting = False
                return
        for value, count in zip(
            counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True
        ):
            if value is not None:
                self.counts[_spelled(value)] += count

    def _sample_counted(self) -> None:
        if self.counts:
            self.values.add(hashes(pa.array(list(self.counts), pa.string())))

    def _widen(self, values: pa.Array) -> None:
        extremes = pc.min_max(values).as_py()
        low, high = self.range or (extremes["min"], extremes["max"])
        self.range = min(low, extremes["min"]), max(high, extremes["max"])

    def _quantiles(self, sampled: pa.Array) -> list[float]:
        """From the sample of rows, but for the ends, which are known."""
        assert self.range is not None
        numbers = sampled.drop_null().cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        if not len(numbers):
            return []
        quantiles: list[float] = np.quantile(numbers, QUANTILES, method="inverted_cdf").tolist()
        return [float(self.range[0]), *quantiles[1:-1], float(self.range[1])]

    def _of_category(self, counts: Counter[str]) -> Counter[str]:
        """Counts of what a value is made of, where it may be made of several."""
        if self.flag != "categorical":
            return counts
        categories: Counter[str] = Counter()
        for value, count in counts.items():
            for category in set(value.split("|")):
                categories[category] += count
        return categories


def _plain(field: Field, values: pa.Array) -> pa.Array:
    """A column as text, whole numbers, fractions or booleans, whatever the database had."""
    kind = values.type
    if field.type == "string":
        as_it_is = pt.is_string(kind) or (pt.is_integer(kind) and field.canonical in _IDS)
        return values if as_it_is else values.cast(pa.string())
    as_it_is = pt.is_integer(kind) or pt.is_floating(kind) or pt.is_boolean(kind)
    return values if as_it_is else values.cast(pa.float64())


def _incomplete(batch: pa.RecordBatch) -> int:
    """How many rows lack a value."""
    lacking = [column for column in batch.columns if column.null_count]
    if len(lacking) < 2:
        return sum(column.null_count for column in lacking)
    masks = [column.is_null().to_numpy(zero_copy_only=False) for column in lacking]
    return int(np.count_nonzero(np.logical_or.reduce(masks)))


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.7g}" if isinstance(value, float) else str(value)
