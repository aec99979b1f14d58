"""CSV files of an import, read in batches into checked Arrow columns.

Memory stays constant: a file is never held whole. The first thing that does not fit ends the import, with its
file, row and field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from localpersonalize.data.schemas import REQUIRED, Field

ARROW_TYPES = {
    "string": pa.string(), "int": pa.int32(), "long": pa.int64(), "float": pa.float32(), "double": pa.float64(),
    "boolean": pa.bool_(),
}  # fmt: skip
BLOCK_BYTES = 8 << 20
MAX_ID_LENGTH = 256
_ROW = re.compile(r"Row #(\d+)")
_COLUMN = re.compile(r"[Cc]olumn #(\d+)")


class ImportRefused(Exception):
    """The data can't be imported; the text is the job's `failureReason`."""


def arrow_schema(fields: list[Field]) -> pa.Schema:
    """Columns in upper case, in the schema's order."""
    return pa.schema([pa.field(field.column, ARROW_TYPES[field.kind], field.nullable) for field in fields])


def read(source: BinaryIO, name: str, fields: list[Field], dataset_type: str) -> Iterator[pa.RecordBatch]:
    """Checked batches of one CSV file.

    :param name: how errors call the file.
    :raises ImportRefused: at the first header, type or null that does not fit the schema.
    """
    by_name = {field.name: field for field in fields}
    options: dict[str, Any] = {
        # Quoted values may hold line breaks.
        "parse_options": pacsv.ParseOptions(newlines_in_values=True),
        "read_options": pacsv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        "convert_options": pacsv.ConvertOptions(
            column_types={field.name: ARROW_TYPES[field.kind] for field in fields},
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true", "True", "TRUE", "1"],
            false_values=["false", "False", "FALSE", "0"],
        ),
    }
    rows = 0
    try:
        reader = pacsv.open_csv(source, **options)
        header = _header(reader.schema.names, name, by_name)
        for batch in reader:
            yield _checked(batch, header, fields, dataset_type, name, rows)
            rows += batch.num_rows
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            raise ImportRefused(f"Input csv file {name} is empty: it has no header.") from None
        raise ImportRefused(_located(str(error), name, list(by_name))) from None


def _header(names: list[str], file: str, by_name: dict[str, Field]) -> list[str]:
    missing = [name for name in by_name if name not in names]
    if missing:
        raise ImportRefused(
            f"Input csv file {file} is missing the following columns of the schema: {', '.join(missing)}."
            f" Its header has: {', '.join(names)}."
        )
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ImportRefused(
            f"Input csv file {file} has columns that the schema does not have: {', '.join(unknown)}."
        )
    return names


def _checked(
    batch: pa.RecordBatch, header: list[str], fields: list[Field], dataset_type: str, file: str, before: int
) -> pa.RecordBatch:
    identifiers = [name for name, types in REQUIRED[dataset_type].items() if types == ("string",)]
    columns = []
    for field in fields:
        column = batch.column(header.index(field.name))
        if not field.nullable and column.null_count:
            row = before + pc.index(column.is_null(), True).as_py() + 2
            raise ImportRefused(
                f"Input csv file {file} has an empty value in row {row}, column {field.name}, which may not be null."
            )
        if field.column in identifiers:
            longest = pc.max(pc.utf8_length(column)).as_py() or 0
            if longest > MAX_ID_LENGTH:
                row = before + pc.index(pc.greater(pc.utf8_length(column), MAX_ID_LENGTH), True).as_py() + 2
                raise ImportRefused(
                    f"Input csv file {file} has a value of {longest} characters in row {row}, column {field.name};"
                    f" at most {MAX_ID_LENGTH} are allowed."
                )
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=arrow_schema(fields))


def _located(message: str, file: str, names: list[str]) -> str:
    row, column = _ROW.search(message), _COLUMN.search(message)
    place = ""
    if row:
        place += f" in row {row.group(1)}"
    if column and int(column.group(1)) < len(names):
        place += f", column {names[int(column.group(1))]}"
    return f"Input csv file {file} can't be read{place}: {message.split(': ', 2)[-1]}"
