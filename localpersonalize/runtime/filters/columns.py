"""Metadata of items (users, actions) in model order, ready for vectorised conditions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MASK_CACHE_BYTES = 64 * 1024 * 1024
"""Bool masks of conditions kept for the next request: thousands at 10,000 items, about sixty at a million."""


class Columns:
    """Rows of a dataset table, one for each of ``ids`` in their order; ids without a row are null everywhere.

    A snapshot: build a new one when the dataset changes. Columns are prepared when first asked for.
    Categorical fields hold `|` separated lists and match by element, other strings match as a whole. Null
    matches nothing, so that NOT IN is true for it.
    """

    def __init__(
        self,
        ids: Sequence[str] | np.ndarray,
        table: pa.Table | None,
        id_column: str,
        categorical: frozenset[str] = frozenset(),
    ) -> None:
        self.ids = pa.array(ids, pa.string())
        self.id_column = id_column
        self.categorical = categorical
        self._table = _align(self.ids, table, id_column) if table is not None else None
        self._arrays: dict[str, pa.Array] = {id_column: self.ids}
        self._numbers: dict[str, np.ndarray] = {}
        self._members: dict[str, _Members] = {}
        self._masks: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> list[str]:
        """Fields that can be asked for."""
        return [self.id_column, *(self._table.column_names if self._table is not None else ())]

    def numbers(self, name: str) -> np.ndarray:
        """float64 [len], NaN for null and for fields that the data doesn't have."""
        numbers = self._numbers.get(name)
        if numbers is None:
            column = self._column(name)
            numbers = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            self._numbers[name] = numbers
        return numbers

    def rows_with(self, name: str, value: str) -> np.ndarray:
        """int32 rows whose ``name`` is, or lists, ``value``."""
        return self._prepared(name).rows(value)

    def is_text(self, name: str) -> bool:
        column_type = self._column(name).type
        return any(
            is_type(column_type)
            for is_type in (pa.types.is_string, pa.types.is_null, pa.types.is_large_string)
        )

    def value(self, row: int, name: str) -> Any:
        """The plain value at one row, None for null."""
        return self._column(name)[row].as_py()

    def elements(self, row: int, name: str) -> tuple[str, ...]:
        """Strings of one row: the list of a categorical field, one string else, none for null."""
        value = self.value(row, name)
        if value is None:
            return ()
        return tuple(str(value).split("|")) if name in self.categorical else (str(value),)

    def mask(self, key: Hashable, build: Callable[[], np.ndarray]) -> np.ndarray:
        """The bool mask for ``key``, built once; callers must not write to it."""
        with self._lock:
            mask = self._masks.get(key)
            if mask is not None:
                self._masks.move_to_end(key)
                return mask
        built = build()
        built.setflags(write=False)
        with self._lock:
            self._masks[key] = built
            while len(self._masks) * max(len(self), 1) > MASK_CACHE_BYTES and len(self._masks) > 1:
                self._masks.popitem(last=False)
        return built

    def _column(self, name: str) -> pa.Array:
        column = self._arrays.get(name)
        if column is None:
            if self._table is None or name not in self._table.column_names:
                column = pa.nulls(len(self.ids), pa.string())
            else:
                column = self._table.column(name).combine_chunks()
            self._arrays[name] = column
        return column

    def _prepared(self, name: str) -> _Members:
        members = self._members.get(name)
        if members is None:
            members = self._members[name] = _Members(self._column(name), name in self.categorical)
        return members


class _Members:
    """Which rows hold a value: rows sorted by value, and where each value's rows begin."""

    def __init__(self, column: pa.Array, lists: bool) -> None:
        strings = pc.cast(column, pa.string())
        if lists:
            split = pc.split_pattern(strings, "|")
            rows = pc.list_parent_indices(split).to_numpy(zero_copy_only=False)
            values = pc.list_flatten(split)
        else:
            rows, values = np.arange(len(strings)), strings
        encoded = values.dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable")
        self._rows: np.ndarray = rows[order].astype(np.int32)
        self._starts = np.searchsorted(codes[order], np.arange(len(encoded.dictionary) + 1))
        self._code = {value: code for code, value in enumerate(encoded.dictionary.to_pylist())}

    def rows(self, value: str) -> np.ndarray:
        """int32, empty for a value that no row holds."""
        code = self._code.get(value)
        span = slice(0) if code is None else slice(self._starts[code], self._starts[code + 1])
        rows: np.ndarray = self._rows[span]
        return rows


def _align(ids: pa.Array, table: pa.Table, id_column: str) -> pa.Table:
    """``table`` in the order of ``ids``, without its id column; the last row wins where an id is there
    twice.
    """
    keys = pc.cast(table.column(id_column), pa.string()).combine_chunks()
    back_to_front = keys.take(pa.array(np.arange(len(keys) - 1, -1, -1)))
    where = pc.index_in(ids, value_set=back_to_front)
    rows = pc.subtract(pa.scalar(len(keys) - 1, pa.int32()), where)
    return table.drop_columns([id_column]).take(rows)
