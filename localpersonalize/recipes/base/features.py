"""Metadata as sparse numbers: categories ('|' separates several), and numbers by the bin they fall into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

NUMERIC_BINS = 8
MAX_CATEGORIES = 1000  # of one column; rarer ones count as unknown
KEY_COLUMNS = ("USER_ID", "ITEM_ID", "CREATION_TIMESTAMP")


@dataclass(frozen=True)
class FeatureColumn:
    """One metadata column: the categories, or the bounds between the bins, that have a feature each."""

    name: str
    categories: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        return len(self.categories) if self.categories else len(self.bounds) + 1

    def features_of(self, value: Any) -> list[int]:
        if value is None:
            return []
        if self.categories:
            indices = self._category_index
            return [indices[part] for part in str(value).split("|") if part in indices]
        try:
            return [int(np.searchsorted(self.bounds, float(value), side="right"))]
        except (TypeError, ValueError):
            return []

    @property
    def _category_index(self) -> dict[str, int]:
        return {category: index for index, category in enumerate(self.categories)}


@dataclass(frozen=True)
class Features:
    """The features of one kind of thing (items, users, contexts), fixed by the data they were fitted on."""

    columns: tuple[FeatureColumn, ...] = ()

    @property
    def width(self) -> int:
        return sum(column.width for column in self.columns)

    @classmethod
    def fit(cls, table: pa.Table | None, schema: Mapping[str, Any] | None, names: Sequence[str]) -> Features:
        """Columns of the table, by what the schema says they are: numbers, or else categories.

        Text that is not categorical is left out where there is a schema: almost every row would be its own.
        """
        if table is None:
            return cls()
        fields = {field["name"].upper(): field for field in (schema or {}).get("fields", [])}
        columns = [_fit(table, name, fields.get(name)) for name in names if name not in KEY_COLUMNS]
        return cls(tuple(column for column in columns if column is not None and column.width))

    def encode(self, rows: Sequence[Mapping[str, Any]] | pa.Table) -> sp.csr_matrix:
        """float32 [rows, width]; each column's features of a row share the weight 1."""
        if isinstance(rows, pa.Table):
            values = {
                column.name: rows[column.name].to_pylist()
                for column in self.columns
                if column.name in rows.column_names
            }
            count = rows.num_rows
        else:
            values = {column.name: [row.get(column.name) for row in rows] for column in self.columns}
            count = len(rows)
        row_of, feature_of, weight_of, first = [], [], [], 0
        for column in self.columns:
            features_by_value: dict[Any, list[int]] = {}
            for row, value in enumerate(values.get(column.name, ())):
                if value not in features_by_value:
                    features_by_value[value] = column.features_of(value)
                features = features_by_value[value]
                row_of += [row] * len(features)
                feature_of += [first + feature for feature in features]
                weight_of += [1.0 / max(1, len(features))] * len(features)
            first += column.width
        shape = (count, self.width)
        return sp.csr_matrix((np.array(weight_of, np.float32), (row_of, feature_of)), shape=shape)

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"name": column.name, "categories": list(column.categories), "bounds": list(column.bounds)}
            for column in self.columns
        ]

    @classmethod
    def from_json(cls, columns: Sequence[Mapping[str, Any]]) -> Features:
        return cls(
            tuple(
                FeatureColumn(entry["name"], tuple(entry["categories"]), tuple(entry["bounds"]))
                for entry in columns
            )
        )


def _fit(table: pa.Table, name: str, field: Mapping[str, Any] | None) -> FeatureColumn | None:
    column = table[name].combine_chunks()
    number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if number and not (field or {}).get("categorical"):
        values = column.cast(pa.float64()).drop_null().to_numpy()
        if len(values) == 0:
            return None
        bounds = np.unique(np.quantile(values, np.linspace(0, 1, NUMERIC_BINS + 1)[1:-1]))
        return FeatureColumn(name, bounds=tuple(float(bound) for bound in bounds))
    if field is not None and not field.get("categorical"):
        return None
    parts = pc.split_pattern(column.cast(pa.string()).drop_null(), "|")
    counts = pc.value_counts(pc.list_flatten(parts)).to_pylist()
    counts.sort(key=lambda entry: (-entry["counts"], entry["values"]))
    return FeatureColumn(name, categories=tuple(entry["values"] for entry in counts[:MAX_CATEGORIES]))
