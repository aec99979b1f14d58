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

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from localpersonalize.datasets import csv_dialect
from localpersonalize.datasets.column_checks import Findings, MisfitError, checked, rows_of_hexadecimals
from localpersonalize.datasets.csv_chunks import BYTE_ORDER_MARK, Readable, RowTooLongError, blocks, first_row
from localpersonalize.datasets.schemas import Field

ARROW_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}
FIRST_ROW = 2  # the header is row 1
_ROW = re.compile(r"Row #(\d+)")
_COLUMN = re.compile(r"[Cc]olumn #(\d+)")
_LINE_FEED, _CARRIAGE_RETURN, _ZERO, _X, _LOWER_CASE = b"\n\r0x\x20"


class ImportRefusedError(Exception):
    """The data can't be imported; the text is the job's `failureReason`."""


def arrow_schema(fields: list[Field]) -> pa.Schema:
    """Columns in upper case, in the schema's order."""
    return pa.schema([pa.field(field.column, ARROW_TYPES[field.kind], field.nullable) for field in fields])


def read(
    source: Readable, name: str, fields: list[Field], dataset_type: str, findings: Findings | None = None
) -> Iterator[pa.RecordBatch]:
    """Checked batches of one CSV file, in the file's order.

    :param name: how errors call the file.
    :param findings: takes what was found besides the rows.
    :raises ImportRefusedError: at the first header, type, null or value that does not fit the schema.
    """
    threads = os.cpu_count() or 1
    pending: deque[Future[tuple[pa.Table, Findings]]] = deque()
    rows = 0
    findings = Findings() if findings is None else findings
    parts = _row_aligned_blocks(source, name)
    header, first = first_row(bytes(next(parts, b"")))
    parser = _Parser(_header(header, name, fields), fields)

    def next_batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        try:
            table, part_findings = pending.popleft().result()
        except MisfitError as misfit:
            raise ImportRefusedError(misfit.describe(name, rows + FIRST_ROW)) from None
        rows += table.num_rows
        findings.add(part_findings)
        yield from table.to_batches()

    with ThreadPoolExecutor(threads, thread_name_prefix="csv") as pool:
        try:
            for block in chain([memoryview(first)] if first else [], parts):
                pending.append(pool.submit(parser.parse, block))
                if len(pending) > threads:
                    yield from next_batches()
            while pending:
                yield from next_batches()
        finally:
            pool.shutdown(cancel_futures=True)


class _Parser:
    """Blocks of one file to tables of its dataset's columns."""

    def __init__(self, header: list[str], fields: list[Field]) -> None:
        self._header, self._fields = header, fields
        self._schema = arrow_schema(fields)
        self._convert = self._options({field.name: ARROW_TYPES[field.kind] for field in fields})

    @staticmethod
    def _options(types: dict[str, pa.DataType]) -> pacsv.ConvertOptions:
        return pacsv.ConvertOptions(
            column_types=types,
            include_columns=list(types),
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        )

    def parse(self, block: bytes | memoryview) -> tuple[pa.Table, Findings]:
        """
        :raises MisfitError: if the block does not fit the schema.
        """
        data = bytes(block)
        if data.startswith(
            BYTE_ORDER_MARK
        ):  # the parser takes one from the beginning of each block; here it is a value's
            data = b"\n" + data
        escaped = b"\\" in data
        if escaped:
            data = csv_dialect.with_literal_backslashes(data)
        table = self._parsed(data, escaped, self._convert)
        self._check_lines(data, table.num_rows)
        findings = Findings()
        columns = [
            checked(field, column, findings)
            for field, column in zip(self._fields, table.columns, strict=True)
        ]
        if _has_hexadecimals(data):
            self._check_decimal(data, escaped)
        return pa.Table.from_arrays(columns, schema=self._schema), findings

    def _parsed(self, data: bytes, escaped: bool, convert: pacsv.ConvertOptions) -> pa.Table:
        try:
            return pacsv.read_csv(
                pa.BufferReader(data),
                parse_options=pacsv.ParseOptions(escape_char="\\" if escaped else False),
                read_options=pacsv.ReadOptions(
                    use_threads=False, block_size=len(data) + 1, column_names=self._header
                ),
                convert_options=convert,
            )
        except pa.ArrowInvalid as error:
            row = csv_dialect.open_line(data)
            if row is not None:
                raise _spanning(row) from None
            raise self._located(str(error)) from None

    def _check_lines(self, data: bytes, rows: int) -> None:
        """Refuse a record of more than one line. A block of lines has as many line ends as records."""
        if rows != _line_ends(data) and rows != csv_dialect.lines(data):
            raise _spanning(csv_dialect.open_line(data))

    def _check_decimal(self, data: bytes, escaped: bool) -> None:
        texts = self._parsed(
            data, escaped, self._options({field.name: pa.string() for field in self._fields})
        )
        for name, row in rows_of_hexadecimals(self._fields, texts):
            raise MisfitError("can't be read{where}: the digits of an integer are 0 to 9.", row, name)

    def _located(self, message: str) -> MisfitError:
        row, column = _ROW.search(message), _COLUMN.search(message)
        number = int(column.group(1)) if column else len(self._header)
        name = self._header[number] if number < len(self._header) else None
        reason = message.split(": ", 2)[-1].replace("{", "{{").replace("}", "}}")
        return MisfitError(f"can't be read{{where}}: {reason}", int(row.group(1)) - 1 if row else None, name)


def _spanning(row: int | None) -> MisfitError:
    return MisfitError(
        "has a record{where} that does not end on its line. Each record must be on one line; is a quote never"
        " closed, or not escaped?",
        row,
    )


def _line_ends(data: bytes) -> int:
    """How many lines there are, empty ones among them; LF, CR LF and CR end one."""
    array = np.frombuffer(data, np.uint8)
    feeds = array == _LINE_FEED
    ends = int(np.count_nonzero(feeds)) + (not data.endswith((b"\n", b"\r")))
    if b"\r" in data:
        returns = array == _CARRIAGE_RETURN
        ends += int(np.count_nonzero(returns)) - int(np.count_nonzero(returns[:-1] & feeds[1:]))
    return ends


def _has_hexadecimals(data: bytes) -> bool:
    """Whether 0x is anywhere; searching for two bytes in a row of digits takes as long as parsing them."""
    if b"x" not in data and b"X" not in data:
        return False
    array = np.frombuffer(data, np.uint8)
    return bool(((array[:-1] == _ZERO) & ((array[1:] | _LOWER_CASE) == _X)).any())


def _row_aligned_blocks(source: Readable, file: str) -> Iterator[memoryview]:
    try:
        yield from blocks(source)
    except RowTooLongError as error:
        raise ImportRefusedError(
            f"Input csv file {file} can't be read: {error}. Is there a quote that is never closed?"
        ) from None


def _header(row: bytes, file: str, fields: list[Field]) -> list[str]:
    """The names of the file's columns: those of the schema's fields as it spells them, whatever their case here, and
    names of no field for columns that the schema lacks, which are not read.

    :raises ImportRefusedError: if fields are missing or named twice.
    """
    if not row.strip():
        raise ImportRefusedError(f"Input csv file {file} is empty: it has no header.")
    if b'"' in row:
        raise ImportRefusedError(
            f"Input csv file {file} has quotation marks in its header; write names bare."
        )
    try:
        names = row.decode().rstrip("\r\n").split(",")
    except UnicodeDecodeError as error:
        raise ImportRefusedError(f"Input csv file {file} has a header that can't be read: {error}") from None
    by_column = {field.column: field.name for field in fields}
    columns = [by_column.get(name.upper()) for name in names]
    repeated = sorted({name for name in columns if name is not None and columns.count(name) > 1})
    if repeated:
        raise ImportRefusedError(
            f"Input csv file {file} names columns more than once: {', '.join(repeated)}."
        )
    missing = [field.name for field in fields if field.name not in columns]
    if missing:
        raise ImportRefusedError(
            f"Input csv file {file} is missing the following columns of the schema: {', '.join(missing)}."
            f" Its header has: {', '.join(names)}."
        )
    return [name if name is not None else f"column {number}, not read" for number, name in enumerate(columns)]
