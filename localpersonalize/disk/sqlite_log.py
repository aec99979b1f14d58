"""Changes that a database's write-ahead log has lost.

SQLite reads such a log up to the first frame whose checksum is wrong and says nothing of those behind it: after a kill
in the middle of a write that is right, and after damage it would silently go back in time. What tells the two apart is
what lies behind that frame, and how far the index beside the log had come. Formats:
https://www.sqlite.org/fileformat2.html (4, "The Write-Ahead Log") and https://www.sqlite.org/walformat.html (2, "The
WAL-Index File Format").
"""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_MAGICS = (0x377F0682, 0x377F0683)
_INDEX = struct.Struct("=4x4x4xBBHIIIIIIII")
_BACKFILLED_AT = 96
_OF_ONE_WRITE = 1  # a write that a kill cut off leaves at most its own commit behind


@dataclass(frozen=True)
class _Index:
    """Frames that were committed, and how many of them are in the database as well."""

    frames: int = 0
    backfilled: int = 0


def damage(file: Path) -> str:
    """What is wrong with the log of a database that nobody has open; empty, if all that was committed is there."""
    log = file.with_name(file.name + "-wal")
    before = _index(file)
    content = log.read_bytes() if log.exists() else b""
    if not file.exists() or (not content and not before.frames):
        return ""
    index = file.with_name(file.name + "-shm")
    witness = index.read_bytes() if index.exists() else None
    reader = f"file:{file}?mode=ro"  # leaves the log as it is
    try:
        with closing(sqlite3.connect(reader, uri=True)) as connection:
            page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            read = _index(file).frames
    except sqlite3.Error:
        return ""  # who opens the database says what it is
    finally:  # SQLite has made the index anew, by which the next look would find nothing
        if witness is not None:
            index.write_bytes(witness)
    if read < before.frames and before.backfilled < before.frames:
        return f"{log} is damaged: {before.frames - read} of its {before.frames} pages can't be read"
    if before.frames and before.backfilled == before.frames:
        return ""
    if len(content) > _HEADER_BYTES and struct.unpack(">I", content[:4])[0] not in _MAGICS:
        return f"{log} is damaged: it has no header"
    unread = _commits(content, page_bytes, read)
    return f"{log} is damaged: its last {unread} changes can't be read" if unread > _OF_ONE_WRITE else ""


def _commits(content: bytes, page_bytes: int, read: int) -> int:
    """Commits of this log, and not of one that it has overwritten, behind so many frames."""
    salts, frame_bytes, commits = content[16:24], _FRAME_HEADER_BYTES + page_bytes, 0
    for start in range(_HEADER_BYTES + read * frame_bytes, len(content), frame_bytes):
        header = content[start : start + _FRAME_HEADER_BYTES]
        commits += header[4:8] != bytes(4) and header[8:16] == salts
    return commits


def _index(file: Path) -> _Index:
    """What the index says, if it is whole."""
    try:
        with open(file.with_name(file.name + "-shm"), "rb") as source:
            content = source.read(_BACKFILLED_AT + 4)
    except FileNotFoundError:
        return _Index()
    if len(content) < _BACKFILLED_AT + 4 or content[:48] != content[48:96] or not _is_whole(content[:48]):
        return _Index()
    frames = _INDEX.unpack(content[:48])[3]
    return _Index(frames, struct.unpack_from("=I", content, _BACKFILLED_AT)[0])


def _is_whole(header: bytes) -> bool:
    words = struct.unpack("=12I", header)
    first = second = 0
    for pair in range(0, 10, 2):
        first = (first + words[pair] + second) & 0xFFFFFFFF
        second = (second + words[pair + 1] + first) & 0xFFFFFFFF
    return bool(words[0]) and (first, second) == words[10:]
