"""Columns of a parsed block against the limits of their fields. Where they come from: `limits` and docs/data-rules.md.

Nearly every column is good, so each check first asks something quick of the whole column, and looks for the row only
when that fails.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from localpersonalize.datasets import limits
from localpersonalize.datasets.schemas import Field

_SHORTEST_KEYWORD = min(map(len, limits.KEYWORDS))


class MisfitError(Exception):
    """Something in a block that does not fit; `row` counts from the block's first, 0."""

    def __init__(self, text: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(text)
        self.text, self.row, self.column = text, row, column

    def describe(self, file: str, first_row: int) -> str:
        """The refusal, for a block that begins at a row of a file."""
        where = "" if self.row is None else f" in row {first_row + self.row}"
        where += f", column {self.column}" if self.column else ""
        return f"Input csv file {file} {self.text.format(where=where)}"


@dataclass
class Findings:
    """What an import notes besides its rows: event types, and how many texts were cut off, by field."""

    event_types: set[str] = field(default_factory=set)
    truncated: Counter[str] = field(default_factory=Counter)

    def add(self, other: Findings) -> None:
        self.event_types |= other.event_types
        self.truncated += other.truncated


def checked(field: Field, column: pa.ChunkedArray, findings: Findings) -> pa.ChunkedArray:
    """The column as it is kept.

    :raises MisfitError: at the first value that breaks a rule.
    """
    if column.null_count and not field.nullable:
        row = pc.index(column.is_null(), True).as_py()
        raise MisfitError("has an empty value{where}, which may not be null.", row, field.name)
    if field.kind in ("float", "double"):
        _check_finite(field, column)
    elif field.column in limits.TIMES and field.kind == "long":
        _check_seconds(field, column)
    elif field.kind == "string":
        return _checked_text(field, column, findings)
    return column


def _check_finite(field: Field, column: pa.ChunkedArray) -> None:
    total = pc.sum(column).as_py()
    if total is None or math.isfinite(total):
        return
    finite = pc.is_finite(column)
    if not pc.all(finite).as_py():
        text = f"has a value{{where}} that is no finite number of type {field.kind}."
        raise MisfitError(text, pc.index(finite, False).as_py(), field.name)


def _check_seconds(field: Field, column: pa.ChunkedArray) -> None:
    latest = pc.max(column).as_py()
    if latest is not None and latest > limits.LAST_SECOND:
        row = pc.index(pc.greater(column, limits.LAST_SECOND), True).as_py()
        raise MisfitError("has a time{where} that is not in epoch seconds.", row, field.name)


def _checked_text(field: Field, column: pa.ChunkedArray, findings: Findings) -> pa.ChunkedArray:
    if field.column == "EVENT_TYPE":
        kinds = pc.unique(column)
        findings.event_types.update(kind for kind in kinds.to_pylist() if kind is not None)
        _check_plain(field, column, pa.chunked_array([kinds]))
        return column
    if field.textual:
        return _cut_off(field, column, findings)
    _check_plain(field, column, column)
    return column


def _check_plain(field: Field, column: pa.ChunkedArray, values: pa.ChunkedArray) -> None:
    """Length and keywords, first of `values`, which are all that the column has."""
    # As many bytes are at least as many characters, and quicker counted.
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    limit = limits.most_characters(field)
    if limit is not None and longest > limit:
        lengths = pc.utf8_length(column)
        most = pc.max(lengths).as_py()
        if most > limit:
            row = pc.index(pc.greater(lengths, limit), True).as_py()
            text = f"has a value of {most} characters{{where}}; at most {limit} are allowed."
            raise MisfitError(text, row, field.name)
    if longest >= _SHORTEST_KEYWORD:
        keywords = pa.array(sorted(limits.KEYWORDS))
        if pc.any(pc.is_in(values, keywords)).as_py():
            row = pc.index(pc.is_in(column, keywords), True).as_py()
            text = (
                f"has the value {column[row].as_py()}{{where}}, which is the name of a field of the service."
            )
            raise MisfitError(text, row, field.name)


def _cut_off(field: Field, column: pa.ChunkedArray, findings: Findings) -> pa.ChunkedArray:
    """Text without what is over its limit, which the service leaves out."""
    if (pc.max(pc.binary_length(column)).as_py() or 0) <= limits.MAX_TEXT_CJK:
        return column
    texts = column.to_pylist()
    shortened = [None if text is None else text[: limits.text_limit(text)] for text in texts]
    cut = sum(len(new or "") < len(old or "") for old, new in zip(texts, shortened, strict=True))
    if not cut:
        return column
    findings.truncated[field.column] += cut
    return pa.chunked_array([pa.array(shortened, pa.string())])


def rows_of_hexadecimals(fields: list[Field], texts: pa.Table) -> Iterator[tuple[str, int]]:
    """(field, row) of integers in hexadecimal digits, which the parser takes and the service does not document."""
    for entry in fields:
        if entry.kind in limits.INTEGERS:
            matches = pc.match_substring_regex(texts[entry.name], r"^\s*-?0[xX]")
            if pc.any(matches).as_py():
                yield entry.name, pc.index(matches, True).as_py()
