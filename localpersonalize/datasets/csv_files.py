"""CSV files of an import, read in blocks into checked Arrow columns.

Memory stays constant: a file is never held whole. Blocks are parsed on as many threads as there are cores, and
come out in order. The first thing that does not fit ends the import, with its file, row and field.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from localpersonalize.datasets.csv_chunks import Readable, RowTooLongError, blocks, first_row
from localpersonalize.datasets.schemas import REQUIRED_FIELDS, Field

ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
MAX_ID_LENGTH = 256
FIRST_ROW = 2  # the header is row 1
_ROW = re.compile(r"Row #(\d+)")
_COLUMN = re.compile(r"[Cc]olumn #(\d+)")


class ImportRefusedError(Exception):
    """The data can't be imported; the text is the job's `failureReason`."""


def arrow_schema(fields: list[Field]) -> pa.Schema:
    """Columns in upper case, in the schema's order."""
    return pa.schema([pa.field(field.column, ARROW_TYPES[field.kind], field.nullable) for field in fields])


def read(source: Readable, name: str, fields: list[Field], dataset_type: str) -> Iterator[pa.RecordBatch]:
    """Checked batches of one CSV file, in the file's order.

    :param name: how errors call the file.
    :raises ImportRefusedError: at the first header, type or null that does not fit the schema.
    """
    threads = os.cpu_count() or 1
    pending: deque[Future[pa.Table]] = deque()
    rows = 0
    parts = _row_aligned_blocks(source, name)
    header, first = first_row(bytes(next(parts, b"")))
    parser = _Parser(_header(header, name, {field.name: field for field in fields}), fields, dataset_type)

    def take_next() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            table = pending.popleft().result()
        except _MisfitError as misfit:
            raise ImportRefusedError(misfit.describe(name, rows)) from None
        rows += table.num_rows
        yield from table.to_batches()

    with ThreadPoolExecutor(threads, thread_name_prefix="csv") as pool:
        try:
            for block in chain([memoryview(first)] if first else [], parts):
                pending.append(pool.submit(parser.parse, block))
                if len(pending) > threads:
                    yield from take_next()
            while pending:
                yield from take_next()
        finally:
            pool.shutdown(cancel_futures=True)


class _MisfitError(Exception):
    """Something in a block that does not fit; `row` counts from the block's first, 0."""

    def __init__(self, text: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(text)
        self.text, self.row, self.column = text, row, column

    def describe(self, file: str, before: int) -> str:
        position = "" if self.row is None else f" in row {before + self.row + FIRST_ROW}"
        position += f", column {self.column}" if self.column else ""
        return f"Input csv file {file} {self.text.format(place=position)}"


class _Parser:
    """Blocks of one file to tables of its dataset's columns."""

    def __init__(self, header: list[str], fields: list[Field], dataset_type: str) -> None:
        self._header, self._fields = header, fields
        self._schema = arrow_schema(fields)
        self._identifiers = [
            name for name, types in REQUIRED_FIELDS[dataset_type].items() if types == ("string",)
        ]
        self._convert = pacsv.ConvertOptions(
            column_types={field.name: ARROW_TYPES[field.kind] for field in fields},
            include_columns=[field.name for field in fields],
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true", "True", "TRUE", "1"],
            false_values=["false", "False", "FALSE", "0"],
        )

    def parse(self, block: bytes | memoryview) -> pa.Table:
        """
        :raises _Misfit: if the block does not fit the schema.
        """
        try:
            table = pacsv.read_csv(
                pa.BufferReader(block),
                parse_options=pacsv.ParseOptions(newlines_in_values=True),
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=len(block) + 1, column_names=self._header
                ),
                convert_options=self._convert,
            )
        except pa.ArrowInvalid as error:
            raise self._located(str(error)) from None
        for field, column in zip(self._fields, table.columns, strict=True):
            self._check(field, column)
        return pa.Table.from_arrays(table.columns, schema=self._schema)

    def _check(self, field: Field, column: pa.ChunkedArray) -> None:
        if not field.nullable and column.null_count:
            row = pc.index(column.is_null(), True).as_py()
            raise _MisfitError("has an empty value{place}, which may not be null.", row, field.name)
        # As many bytes are at least as many characters, and quicker counted.
        if (
            field.column in self._identifiers
            and (pc.max(pc.binary_length(column)).as_py() or 0) > MAX_ID_LENGTH
        ):
            lengths = pc.utf8_length(column)
            longest = pc.max(lengths).as_py()
            if longest > MAX_ID_LENGTH:
                row = pc.index(pc.greater(lengths, MAX_ID_LENGTH), True).as_py()
                text = f"has a value of {longest} characters{{place}}; at most {MAX_ID_LENGTH} are allowed."
                raise _MisfitError(text, row, field.name)

    def _located(self, message: str) -> _MisfitError:
        row, column = _ROW.search(message), _COLUMN.search(message)
        number = int(column.group(1)) if column else len(self._header)
        name = self._header[number] if number < len(self._header) else None
        reason = message.split(": ", 2)[-1].replace("{", "{{").replace("}", "}}")
        return _MisfitError(f"can't be read{{place}}: {reason}", int(row.group(1)) - 1 if row else None, name)


def _row_aligned_blocks(source: Readable, file: str) -> Iterator[memoryview]:
    try:
        yield from blocks(source)
    except RowTooLongError as error:
        raise ImportRefusedError(
            f"Input csv file {file} can't be read: {error}. Is there a quote that is never closed?"
        ) from None


def _header(row: bytes, file: str, by_name: dict[str, Field]) -> list[str]:
    """
    :raises ImportRefusedError: if the names are not those of the schema's fields.
    """
    if not row.strip():
        raise ImportRefusedError(f"Input csv file {file} is empty: it has no header.")
    try:
        line = row if row.endswith(b"\n") else row + b"\n"
        names = pacsv.read_csv(pa.BufferReader(line)).schema.names
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise ImportRefusedError(f"Input csv file {file} has a header that can't be read: {error}") from None
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ImportRefusedError(
            f"Input csv file {file} names columns more than once: {', '.join(repeated)}."
        )
    missing = [name for name in by_name if name not in names]
    if missing:
        raise ImportRefusedError(
            f"Input csv file {file} is missing the following columns of the schema: {', '.join(missing)}."
            f" Its header has: {', '.join(names)}."
        )
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ImportRefusedError(
            f"Input csv file {file} has columns that the schema does not have: {', '.join(unknown)}."
        )
    return list(names)
