r"""The CSV that the developer guide describes: text in double quotes, `\"` and `\\` within it, one record a line.

Source: "Preparing item metadata for training" (quotes and escapes) and "Preparing training data" (headers, lines). A
quote that is written as two, as RFC 4180 and pandas do it, is read as one; the guide says nothing about it. So it
does not about a backslash before anything else: that one stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_LONE_BACKSLASH = re.compile(rb'(?<!\\)((?:\\\\)*)\\(?![\\"])')
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|$)")
_QUOTES = re.compile(rb'\\[\\"]|"')
_SPECIAL = r'[",\\\r\n]'
_LINE_BREAKS = r"[\r\n]+"


def with_literal_backslashes(block: bytes) -> bytes:
    """The block with a second backslash beside those that escape nothing, for a parser to which each one escapes."""
    return _LONE_BACKSLASH.sub(rb"\1\\\\", block)


def lines(block: bytes) -> int:
    """How many records a block has if each is on one line: its lines that are not empty."""
    return sum(1 for line in _LINE.findall(block) if line.strip(b"\r\n"))


def open_line(block: bytes) -> int | None:
    """The first record, from 0, that does not end on the line where it begins; None if all do."""
    record = 0
    for line in _LINE.findall(block):
        if sum(match == b'"' for match in _QUOTES.findall(line)) % 2:
            return record
        record += bool(line.strip(b"\r\n"))
    return None


def header(names: Iterable[str]) -> bytes:
    """The first line, whose names are bare."""
    return (",".join(names) + "\n").encode()


def encode(batch: pa.RecordBatch) -> pa.Buffer:
    """The records' lines, as the guide writes them. A line break within a value becomes a space."""
    columns = [_text(column) for column in batch.columns]
    replace = {"null_handling": "replace", "null_replacement": ""}
    records = pc.binary_join_element_wise(*columns, ",", **replace)
    lines = pc.binary_join_element_wise(records, "", "\n")
    offsets = np.frombuffer(lines.buffers()[1], np.int32, lines.offset + len(lines) + 1)
    return lines.buffers()[2].slice(0, int(offsets[-1])) if offsets[-1] else pa.py_buffer(b"")


def _text(column: pa.Array) -> pa.Array:
    """A column as it stands in the file."""
    if not pa.types.is_string(column.type):
        return column.cast(pa.string())
    special = pc.match_substring_regex(column, _SPECIAL)
    if not pc.any(special).as_py():
        return column
    escaped = pc.replace_substring(column, "\\", "\\\\")
    escaped = pc.replace_substring(escaped, '"', '\\"')
    escaped = pc.replace_substring_regex(escaped, _LINE_BREAKS, " ")
    return pc.if_else(special, pc.binary_join_element_wise('"', escaped, '"', ""), column)
