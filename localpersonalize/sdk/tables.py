"""Data in the forms that people have it in, as a table; its schema, and the CSV that an import reads."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

TEXT_CHARACTERS = 100
"""A longer value makes a column of Items one of texts, for recipes that read them."""

_RESERVED_TYPES = {
    "USER_ID": "string",
    "ITEM_ID": "string",
    "ACTION_ID": "string",
    "EVENT_TYPE": "string",
    "IMPRESSION": "string",
    "TIMESTAMP": "long",
    "CREATION_TIMESTAMP": "long",
    "ACTION_EXPIRATION_TIMESTAMP": "long",
    "EVENT_VALUE": "float",
    "REPEAT_FREQUENCY": "int",
}
_ARROW_TYPES = {"string": pa.string(), "long": pa.int64(), "float": pa.float64(), "int": pa.int64()}
_NEVER_NULL = ("USER_ID", "ITEM_ID", "ACTION_ID", "TIMESTAMP")


class DataFrame(Protocol):
    """pandas, Polars, Arrow, DuckDB: whatever speaks Arrow's interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


Data = DataFrame | str | PathLike[str] | Sequence[Mapping[str, Any]]
"""A data frame, the path of a CSV file, or rows."""


def table_of(data: Data) -> pa.Table:
    """Columns in upper case, in the types that the service reserves for their names; times as epoch seconds.

    :raises ValueError: if a column cannot be read as its type.
    """
    if isinstance(data, str | PathLike):
        table = pa.csv.read_csv(
            Path(data), convert_options=pa.csv.ConvertOptions(column_types=_id_types(Path(data)))
        )
    elif hasattr(data, "__arrow_c_stream__"):
        table = pa.table(data)
    else:
        table = pa.Table.from_pylist([dict(row) for row in data])
    names = [name.upper() for name in table.column_names]
    arrays = []
    for name, column in zip(names, table.columns, strict=True):
        try:
            arrays.append(_typed(column, _ARROW_TYPES.get(_RESERVED_TYPES.get(name, ""))))
        except pa.ArrowException as error:
            raise ValueError(f"Column {name} can't be read as {_RESERVED_TYPES.get(name)}: {error}") from None
    return pa.table(arrays, names=names)


def avro_schema(table: pa.Table, dataset_type: str) -> str:
    """A schema for a table; strings are categorical, or text if there is a long one.

    :param dataset_type: `Interactions`, `Items`, `Users`, `Actions` or `Action_Interactions`.
    """
    is_items = dataset_type.upper() == "ITEMS"
    fields = [_field(name, table[name], is_items) for name in table.column_names]
    texts = [entry for entry in fields if entry.get("textual")]
    for extra in texts[1:]:  # the service takes one
        del extra["textual"]
    return json.dumps(
        {
            "type": "record",
            "name": dataset_type.replace("_", ""),
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
    )


def csv_of(table: pa.Table) -> bytes:
    """The file that an import job reads: one record a line."""
    for index, column in enumerate(table.columns):
        if pa.types.is_string(column.type):
            table = table.set_column(
                index, table.column_names[index], pc.replace_substring_regex(column, r"[\r\n]+", " ")
            )
    target = io.BytesIO()
    target.write(f"{','.join(table.column_names)}\n".encode())  # the service takes no quotation marks here
    pa.csv.write_csv(table, target, pa.csv.WriteOptions(include_header=False))
    return target.getvalue()


def _id_types(file: Path) -> dict[str, pa.DataType]:
    """Ids of digits are text all the same; `007` and `7` are two."""
    with open(file, "rb") as source:
        names = pa.csv.open_csv(source).schema.names
    return {name: pa.string() for name in names if _RESERVED_TYPES.get(name.upper()) == "string"}


def _typed(column: pa.ChunkedArray, wanted: pa.DataType | None) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return column.cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    if (
        pa.types.is_large_string(column.type)
        or pa.types.is_string_view(column.type)
        or pa.types.is_null(column.type)
    ):
        column = column.cast(pa.string())
    if wanted is None:
        return column
    return column.cast(wanted, safe=not pa.types.is_floating(column.type))


def _field(name: str, column: pa.ChunkedArray, is_items: bool) -> dict[str, Any]:
    kind = _RESERVED_TYPES.get(name) or _avro_type(column.type)
    entry: dict[str, Any] = {"name": name, "type": kind}
    if column.null_count and name not in _NEVER_NULL:
        entry["type"] = ["null", kind]
    if kind == "string" and name not in _RESERVED_TYPES:
        longest = pc.max(pc.utf8_length(column)).as_py() or 0
        entry["textual" if is_items and longest > TEXT_CHARACTERS else "categorical"] = True
    return entry


def _avro_type(kind: pa.DataType) -> str:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "long"
    return "float" if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else "string"
