"""The CSV that the service imports: UTF-8, one header, comma, LF, nulls empty.

Values are quoted only in batches where some value needs it, with inner quotes doubled (RFC 4180).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pyarrow.csv as pcsv

_ROWS_AT_ONCE = 1 << 16
_BARE = pcsv.WriteOptions(include_header=False, batch_size=_ROWS_AT_ONCE, quoting_style="none")
_QUOTED = pcsv.WriteOptions(include_header=False, batch_size=_ROWS_AT_ONCE, quoting_style="needed")


def header(names: Sequence[str]) -> bytes:
    """The first line; the service wants it without quotes."""
    return (",".join(names) + "\n").encode()


def encode(batch: pa.RecordBatch) -> pa.Buffer:
    """The rows' lines, without a header."""
    try:
        return _written(batch, _BARE)
    except pa.ArrowInvalid:  # some value holds a quote, a comma or a line break
        return _written(batch, _QUOTED)


def encode_texts(rows: Iterable[Sequence[str]]) -> bytes:
    """Lines of texts, every value in quotes."""
    quoted = (",".join('"' + value.replace('"', '""') + '"' for value in row) + "\n" for row in rows)
    return "".join(quoted).encode("utf-8", "backslashreplace")


def _written(batch: pa.RecordBatch, options: pcsv.WriteOptions) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    pcsv.write_csv(batch, sink, options)
    return sink.getvalue()
