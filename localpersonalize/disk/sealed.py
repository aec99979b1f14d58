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

SEAL = "seal"
PIECE_BYTES = 1 << 20


class DamagedError(ValueError):
    """What a file holds is not what was written; the text names it, and says what to do.

    :ivar path: the file, or the folder of files that belong together.
    """

    def __init__(self, path: Path, text: str) -> None:
        super().__init__(text)
        self.path = path


def seal(values: Mapping[str, Any]) -> bytes:
    """Values as one line of JSON with their checksum."""
    return json.dumps({**values, SEAL: _checksum(values)}).encode()


def unseal(content: bytes) -> dict[str, Any]:
    """The values; those that an earlier version wrote without a checksum are taken as they are.

    :raises ValueError: if they are not what was sealed.
    """
    try:
        values = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("no JSON object")
    sealed = values.pop(SEAL, None)
    if sealed is not None and sealed != _checksum(values):
        raise ValueError("its checksum is another")
    return values


def crc32_of(file: Path) -> int:
    """The checksum of a file, read piece by piece."""
    checksum = 0
    with open(file, "rb", buffering=0) as source:
        while piece := source.read(PIECE_BYTES):
            checksum = zlib.crc32(piece, checksum)
    return checksum


def _checksum(values: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(values, sort_keys=True).encode())
