"""Rows of the Users or the Items dataset, by id; rows put one by one replace imported ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


class Metadata:
    """A snapshot of a dataset with its newest rows on top; `with_rows` makes the next one."""

    def __init__(
        self,
        table: pa.Table | None,
        id_column: str,
        categorical: frozenset[str] = frozenset(),
        newer: Mapping[str, Mapping[str, Any]] | None = None,
        row_of_id: Mapping[str, int] | None = None,
        fields: frozenset[str] = frozenset(),
    ) -> None:
        """
        :param categorical: fields that hold lists.
        :param fields: all that the schema has, in upper case.
        """
        self.fields = fields
        self.bulk = table
        self.id_column = id_column
        self.categorical = categorical
        self._newer: dict[str, dict[str, Any]] = {key: dict(row) for key, row in (newer or {}).items()}
        self._columns = (
            {name: table.column(name).combine_chunks() for name in table.column_names}
            if table is not None
            else {}
        )
        self._row_of_id = row_of_id

    def row(self, identifier: str | None) -> dict[str, Any] | None:
        """Field to value (fields in upper case, without the id), None if the dataset doesn't have the id."""
        if identifier is None:
            return None
        newer = self._newer.get(identifier)
        if newer is not None:
            return newer
        row = self._index().get(identifier)
        if row is None:
            return None
        return {name: column[row].as_py() for name, column in self._columns.items() if name != self.id_column}

    def value(self, identifier: str, name: str) -> Any:
        """One field of one row, None if there is no such row, field or value."""
        newer = self._newer.get(identifier)
        if newer is not None:
            return newer.get(name)
        column, row = self._columns.get(name), self._index().get(identifier)
        return None if column is None or row is None else column[row].as_py()

    def with_rows(self, rows: Sequence[Mapping[str, Any]]) -> Metadata:
        """The same data with ``rows`` (upper-case fields, the id among them) put on top."""
        if not rows:
            return self
        newer = {**self._newer}
        for row in rows:
            newer[str(row[self.id_column])] = {k: v for k, v in row.items() if k != self.id_column}
        return Metadata(self.bulk, self.id_column, self.categorical, newer, self._index(), self.fields)

    def newer_table(self, only: Sequence[str] | None = None) -> pa.Table | None:
        """The rows put one by one as a table, None if there are none; ``only`` these ids."""
        newer = self._newer if only is None else {key: self._newer[key] for key in only if key in self._newer}
        return self._as_table(newer) if newer else None

    def table(self) -> pa.Table | None:
        """Everything: imported rows that nothing replaced, then the rows put one by one."""
        put = self.newer_table()
        if self.bulk is None or put is None:
            return put if self.bulk is None else self.bulk
        replaced = pc.is_in(self.bulk.column(self.id_column), pa.array(list(self._newer), pa.string()))
        return pa.concat_tables([self.bulk.filter(pc.invert(replaced)), put], promote_options="permissive")

    def ids(self) -> list[str]:
        """All ids, imported first."""
        imported = self._index()
        return [*imported, *(key for key in self._newer if key not in imported)]

    def _as_table(self, rows: Mapping[str, Mapping[str, Any]]) -> pa.Table:
        names = dict.fromkeys(
            [self.id_column, *self._columns, *(name for row in rows.values() for name in row)]
        )
        arrays = {}
        for name in names:
            values = list(rows) if name == self.id_column else [row.get(name) for row in rows.values()]
            column_type = self._columns[name].type if name in self._columns else None
            arrays[name] = _array(values, column_type)
        return pa.table(arrays)

    def _index(self) -> Mapping[str, int]:
        if self._row_of_id is None:
            ids = self._columns.get(self.id_column)
            self._row_of_id = {} if ids is None else {key: row for row, key in enumerate(ids.to_pylist())}
        return self._row_of_id


def _array(values: list[Any], column_type: pa.DataType | None) -> pa.Array:
    """Values put over the wire in the column's type; where they don't convert, as they came."""
    if column_type is None:
        return pa.array(values)
    try:
        return pa.array(values, column_type)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if v is None else str(v) for v in values], pa.string()).cast(column_type)
