r"""The CSV that the service imports: UTF-8, one header, comma, LF, nulls empty, one record a line.

The dialect is the developer guide's ("Preparing item metadata for training", "Preparing training data"): values are
quoted where they need it, `"` and `\` within them are written `\"` and `\\`, and a line break becomes a space, as the
service makes it one in text. RFC 4180 differs: it doubles quotes and lets records span lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.types as pt

from airflow_personalize.export.validation.value_rules import text_bytes

_ROWS_AT_ONCE = 1 << 16
_BARE = pcsv.WriteOptions(include_header=False, batch_size=_ROWS_AT_ONCE, quoting_style="none")
_SPECIAL = r'[",\\\r\n]'
_LINE_BREAKS = r"[\r\n]+"
_BACKSLASH = ord("\\")


def header(names: Sequence[str]) -> bytes:
    """The first line; the service wants it without quotes."""
    return (",".join(names) + "\n").encode()


def encode(batch: pa.RecordBatch) -> pa.Buffer:
    """The rows' lines, without a header."""
    if not any(map(_has_backslash, batch.columns)):
        try:
            return _written(batch)
        except pa.ArrowInvalid:  # some value holds a quote, a comma or a line break
            pass
    columns = [_text(column) for column in batch.columns]
    rows = pc.binary_join_element_wise(*columns, ",", null_handling="replace", null_replacement="")
    return pa.py_buffer(text_bytes(pc.binary_join_element_wise(rows, "", "\n")))


def _has_backslash(column: pa.Array) -> bool:
    return bool(pt.is_string(column.type) and (text_bytes(column) == _BACKSLASH).any())


def _text(column: pa.Array) -> pa.Array:
    """A column as it stands in the file."""
    if not pt.is_string(column.type):
        return column.cast(pa.string())
    special = pc.match_substring_regex(column, _SPECIAL)
    escaped = pc.replace_substring(pc.replace_substring(column, "\\", "\\\\"), '"', '\\"')
    escaped = pc.replace_substring_regex(escaped, _LINE_BREAKS, " ")
    return pc.if_else(special, pc.binary_join_element_wise('"', escaped, '"', ""), column)


def encode_texts(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of texts, every value in quotes, as RFC 4180 has it: for people, the service does not read them."""
    quoted = (",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows)
    return "".join(quoted).encode("utf-8", "backslashreplace")


def _written(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    pcsv.write_csv(batch, sink, _BARE)
    return sink.getvalue()
