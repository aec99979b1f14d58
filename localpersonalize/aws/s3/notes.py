"""What is known of an object: a small JSON file that names the file with its bytes.

The note is replaced in one step, so that ETag, length and bytes that belong together are always read together.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from localpersonalize.disk.sealed import PIECE_BYTES, seal, unseal

FORMAT = 2


class DamagedNoteError(Exception):
    """A note can't be read; the text names its file."""


@dataclass(frozen=True)
class Note:
    """One version of an object.

    `metadata`: its headers, names in lower case; `parts`: sizes, if it was uploaded so; `crc32`: of its bytes, None if
    an earlier version of localpersonalize took none.
    """

    bucket: str
    key: str
    file: str
    size: int
    etag: str
    modified: str
    storage: str = "STANDARD"
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    checksum: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[int, ...] = ()
    crc32: int | None = None

    @property
    def modified_at(self) -> datetime:
        parsed = datetime.fromisoformat(self.modified)
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)

    def to_json(self) -> bytes:
        return seal({"format": FORMAT, **asdict(self)})


def read(file: Path) -> Note:
    """
    :raises FileNotFoundError: if there is none.
    :raises DamagedNoteError: if it is no note.
    """
    content = file.read_bytes()
    try:
        entry = unseal(content)
        known = {name: entry[name] for name in Note.__dataclass_fields__ if name in entry}
        if entry.get("format") != FORMAT:
            known |= _of_the_first_format(entry)
        note = Note(**{**known, "parts": tuple(known.get("parts", ()))})
        note.modified_at  # noqa: B018 - a note without a time is damaged
        if Path(note.file).name != note.file or type(note.size) is not int:
            raise ValueError(note.file)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedNoteError(f"{file} is damaged: {error}") from None
    return note


def has_its_bytes(note: Note, descriptor: int) -> bool:
    """Whether a file has the bytes that a note was made for; size alone, if it has no checksum."""
    if os.fstat(descriptor).st_size != note.size:
        return False
    if note.crc32 is None:
        return True
    offset, checksum = 0, 0
    while piece := os.pread(descriptor, PIECE_BYTES, offset):
        offset += len(piece)
        checksum = zlib.crc32(piece, checksum)
    return checksum == note.crc32


def note_file(folder: Path, bucket: str, key: str) -> Path:
    """Where the note of an object is, if there is one."""
    digest = hashlib.sha256(f"{bucket}/{key}".encode("utf-8", "surrogatepass")).hexdigest()
    return folder / f"{digest}.json"


def now() -> str:
    """The time of a change, to the second, as S3 shows it."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def _of_the_first_format(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Notes of data directories from before: header names in any case; checksums of parts as if of the whole."""
    metadata = {name.lower(): str(value) for name, value in entry["metadata"].items()}
    return {"metadata": metadata, "checksum": {}, "tags": dict(entry.get("tags") or {})}
