"""A stream of CSV bytes, cut into blocks of whole rows, so that blocks can be parsed side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

BLOCK_BYTES = 1 << 20
MAX_ROW_BYTES = 16 << 20
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Readable(Protocol):
    """What can be read piece by piece: a file, the body of an S3 object."""

    def read(self, size: int, /) -> bytes: ...


class RowTooLong(ValueError):
    """No row ends within `MAX_ROW_BYTES`; mostly a quote that is never closed."""


def blocks(source: Readable, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Blocks that end where a row ends; joined they are the stream, without its byte order mark.

    A line feed ends a row if an even number of quotes lies before it, since each quoted value has two and a quote
    within one is written as two.

    :raises RowTooLong: if a row does not end.
    """
    rest = b""
    first = True
    while piece := source.read(size):
        block = rest + piece
        if first:
            first, block = False, block.removeprefix(BYTE_ORDER_MARK)
        end = _last_row_end(block)
        if end:
            yield block[:end]
        rest = block[end:]
        if len(rest) > MAX_ROW_BYTES:
            raise RowTooLong(f"no end of a row in {len(rest)} bytes")
    if rest:
        yield rest


def first_row(block: bytes) -> tuple[bytes, bytes]:
    """The first row of a block, and the rest."""
    end = block.find(b"\n") + 1
    while end and block.count(b'"', 0, end) % 2:
        end = block.find(b"\n", end) + 1
    return (block[:end], block[end:]) if end else (block, b"")


def _last_row_end(block: bytes) -> int:
    """Where the last whole row of a block ends, 0 if it has none. The block begins where a row begins."""
    end = block.rfind(b"\n") + 1
    quotes = block.count(b'"', 0, end)
    while end and quotes % 2:
        earlier = block.rfind(b"\n", 0, end - 1) + 1
        quotes -= block.count(b'"', earlier, end)
        end = earlier
    return end
