"""A stream of CSV bytes, cut into blocks of whole lines, so that blocks can be parsed side by side.

A record is one line ("Preparing training data" in the developer guide), so a line's end is a record's end whatever is
quoted. Lines end with LF, CR LF or CR, and a file may mix them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

BLOCK_BYTES = 1 << 20
MAX_ROW_BYTES = 16 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Readable(Protocol):
    """What can be read piece by piece: a file, the body of an S3 object."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class RowTooLongError(ValueError):
    """No row ends within `MAX_ROW_BYTES`."""


def blocks(source: Readable, size: int = BLOCK_BYTES) -> Iterator[memoryview]:
    """Blocks that end where a line ends; joined they are the stream, without its byte order mark.

    :raises RowTooLongError: if a line does not end.
    """
    rest: bytes | memoryview = b""
    first = True
    while True:
        buffer = bytearray(len(rest) + size)
        block = memoryview(buffer)
        block[: len(rest)] = rest
        read = source.readinto(block[len(rest) :])
        if not read:
            break
        start, stop = 0, len(rest) + read
        if first and stop >= len(BYTE_ORDER_MARK):
            first, start = False, len(BYTE_ORDER_MARK) if buffer.startswith(BYTE_ORDER_MARK) else 0
        end = _last_line_end(buffer, start, stop)
        if end > start:
            yield block[start:end]
        rest = block[end:stop]
        if len(rest) > MAX_ROW_BYTES:
            raise RowTooLongError(f"no end of a line in {len(rest)} bytes")
    if rest:
        yield memoryview(rest)


def first_row(block: bytes) -> tuple[bytes, bytes]:
    """The first line of a block, and the rest."""
    ends = [end for end in (block.find(b"\n"), block.find(b"\r")) if end >= 0]
    if not ends:
        return block, b""
    end = min(ends) + (2 if block.startswith(b"\r\n", min(ends)) else 1)
    return block[:end], block[end:]


def _last_line_end(buffer: bytearray, start: int, stop: int) -> int:
    """Where the last whole line ends, `start` if there is none. A CR at the very end may be half of a CR LF."""
    end = buffer.rfind(b"\n", start, stop)
    if end < 0:
        end = buffer.rfind(b"\r", start, stop - 1)
    return end + 1 if end >= 0 else start
