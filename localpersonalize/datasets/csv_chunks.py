"""A stream of CSV bytes, cut into blocks of whole rows, so that blocks can be parsed side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

BLOCK_BYTES = 1 << 20
MAX_ROW_BYTES = 16 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
LINE_FEED, QUOTE = b"\n"[0], b'"'[0]
TAIL_BYTES = 1 << 12  # where a row's end is looked for first


class Readable(Protocol):
    """What can be read piece by piece: a file, the body of an S3 object."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class RowTooLongError(ValueError):
    """No row ends within `MAX_ROW_BYTES`; mostly a quote that is never closed."""


def blocks(source: Readable, size: int = BLOCK_BYTES) -> Iterator[memoryview]:
    """Blocks that end where a row ends; joined they are the stream, without its byte order mark.

    A line feed ends a row if an even number of quotes lies before it, since each quoted value has two and a quote
    within one is written as two.

    :raises RowTooLongError: if a row does not end.
    """
    rest: bytes | memoryview = b""
    first = True
    while True:
        block = memoryview(bytearray(len(rest) + size))
        block[: len(rest)] = rest
        read = source.readinto(block[len(rest) :])
        if not read:
            break
        block = block[: len(rest) + read]
        if first and len(block) >= len(BYTE_ORDER_MARK):
            first, block = False, block[_begin(block) :]
        end = _last_row_end(np.frombuffer(block, np.uint8))
        if end:
            yield block[:end]
        rest = block[end:]
        if len(rest) > MAX_ROW_BYTES:
            raise RowTooLongError(f"no end of a row in {len(rest)} bytes")
    if rest:
        yield memoryview(rest)


def _begin(block: memoryview) -> int:
    return len(BYTE_ORDER_MARK) if block[: len(BYTE_ORDER_MARK)] == BYTE_ORDER_MARK else 0


def first_row(block: bytes) -> tuple[bytes, bytes]:
    """The first row of a block, and the rest."""
    end = block.find(b"\n") + 1
    while end and block.count(b'"', 0, end) % 2:
        end = block.find(b"\n", end) + 1
    return (block[:end], block[end:]) if end else (block, b"")


def _last_row_end(block: np.ndarray) -> int:
    """Where the last whole row of a block (uint8) ends, 0 if it has none. The block begins where a row begins."""
    quotes = np.count_nonzero(block == QUOTE)  # numpy's count is several times quicker than that of bytes
    size = TAIL_BYTES
    while True:
        tail = block[-size:]
        quoted = tail == QUOTE
        before = quotes - np.count_nonzero(quoted) + np.cumsum(quoted)
        ends = np.flatnonzero((tail == LINE_FEED) & (before % 2 == 0))
        if len(ends):
            return len(block) - len(tail) + int(ends[-1]) + 1
        if size >= len(block):
            return 0
        size *= 16
