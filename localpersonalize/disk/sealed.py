"""Small JSON files that carry a checksum of themselves, and folders of files that carry one of theirs.

CRC-32: it finds every flipped, zeroed or cut off stretch that a disk or an editor leaves, at a gigabyte a second, and
Python brings it. It guards against accidents, not against people.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SEAL = b', "seal": '  # behind the values, so that what stands before it is what was summed up
PIECE_BYTES = 1 << 20


class DamagedError(ValueError):
    """What a file holds is not what was written; the text names it, and says what to do.

    :ivar path: the file, or the folder of files that belong together.
    """

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(text)
        self.path = path


def seal(values: Mapping[str, Any]) -> bytes:
    """Values, one or more, as one line of JSON with their checksum."""
    content = json.dumps(values).encode()[:-1]
    return content + _SEAL + b"%d}" % zlib.crc32(content)


def unseal(content: bytes) -> dict[str, Any]:
    """The values; those that an earlier version wrote without a checksum are taken as they are.

    :raises ValueError: if they are not what was sealed.
    """
    values, seal, checksum = content.rpartition(_SEAL)
    if seal:
        if checksum.strip() != b"%d}" % zlib.crc32(values):
            raise ValueError("its checksum is another")
        content = values + b"}"
    try:
        parsed = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(parsed, dict):
        raise ValueError("no JSON object")
    return parsed


def crc32_of(file: Path) -> int:
    """The checksum of a file, read piece by piece."""
    checksum = 0
    with open(file, "rb", buffering=0) as source:
        while piece := source.read(PIECE_BYTES):
            checksum = zlib.crc32(piece, checksum)
    return checksum
