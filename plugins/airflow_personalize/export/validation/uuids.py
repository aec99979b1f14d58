"""UUIDs as the text that ids are written in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint8).reshape(256, 2)
_HYPHENS = (8, 13, 18, 23)
_DIGITS = [position for position in range(36) if position not in _HYPHENS]


def uuid_texts(uuids: pa.Array) -> pa.Array:
    """The usual 36 characters of UUIDs given as 16 bytes each."""
    buffer = uuids.buffers()[1]
    raw = np.frombuffer(buffer, dtype=np.uint8)[uuids.offset * 16 : (uuids.offset + len(uuids)) * 16]
    written = np.full((len(uuids), 36), ord("-"), dtype=np.uint8)
    written[:, _DIGITS] = _HEX[raw].reshape(len(uuids), 32)
    offsets = np.arange(0, 36 * (len(uuids) + 1), 36, dtype=np.int32)
    array = pa.Array.from_buffers(
        pa.string(), len(uuids), [None, pa.py_buffer(offsets), pa.py_buffer(written)]
    )
    if not uuids.null_count:
        return array
    return pc.if_else(uuids.is_valid(), array, pa.scalar(None, pa.string()))
