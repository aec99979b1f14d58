"""64-bit hashes of whole Arrow columns, the same in every process, so that what is kept of them can be compared.

Numbers are mixed by a multiplication, a shift and a multiplication, as in the finalisers of MurmurHash3 and splitmix64.
Texts are read eight bytes at a time, all rows at once. Spread well is all that they must be: nobody is kept from
making two values meet.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from airflow_personalize.export.masks import mask_of

Hashes = npt.NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_NULL = np.uint64(0x5851F42D4C957F2D)
_NO_NUMBER = np.uint64(1 << 40)  # is added to a text's length, so that an empty one is not as zero is
_DIGITS = 18  # of a number that fits into 64 bits, whatever they are


def hashes(values: pa.Array) -> Hashes:
    """One hash a row; all nulls have one of their own."""
    known = values.drop_null() if values.null_count else values
    hashed = _of_texts(known) if pt.is_string(known.type) else mixed(_bits(known))
    if not values.null_count:
        return hashed
    result = np.full(len(values), _NULL)
    result[values.is_valid().to_numpy(zero_copy_only=False)] = hashed
    return result


def id_hashes(ids: pa.Array) -> Hashes:
    """The same, with a number and its digits as one: an id is a number in one table and a text in the other."""
    if not pt.is_string(ids.type) or not len(ids):
        return hashes(ids)
    hashed = hashes(ids)
    digits = mask_of(pc.and_(pc.utf8_is_decimal(ids), pc.string_is_ascii(ids)))
    if digits.any():
        one = mask_of(pc.equal(pc.binary_length(ids), 1)) | ~mask_of(pc.starts_with(ids, "0"))
        rows = np.flatnonzero(digits & one & mask_of(pc.less_equal(pc.binary_length(ids), _DIGITS)))
        hashed[rows] = hashes(ids.take(pa.array(rows)).cast(pa.int64()))
    return hashed


def mixed(words: Hashes) -> Hashes:
    """Words of which any bits may differ, as words of which about half do."""
    result = words * _FIRST
    result ^= result >> _HALF
    result *= _SECOND
    return result


def combined(*columns: Hashes) -> Hashes:
    """The hash of each row of several columns of hashes, in their order: a sum of hashes is spread as they are."""
    total = columns[0].copy()
    for column in columns[1:]:
        total *= _SECOND
        total += column
    return total


def _bits(values: pa.Array) -> Hashes:
    """64 bits of each number; those of one value are the same whatever its width."""
    numbers: npt.NDArray[Any] = values.to_numpy(zero_copy_only=False)
    if numbers.dtype.kind == "f":
        return np.asarray(numbers.astype(np.float64) + 0.0).view(np.uint64)  # -0.0 becomes 0.0
    return numbers.astype(np.int64, copy=False).view(np.uint64)


def _of_texts(values: pa.Array) -> Hashes:
    """Each row's words of eight bytes, folded one after the other; rows that have ended drop out."""
    _, offsets_buffer, data = values.buffers()
    bounds = np.frombuffer(offsets_buffer, np.int32, len(values) + 1, 4 * values.offset).astype(np.int64)
    starts, left = bounds[:-1], np.diff(bounds)
    hashed = mixed(left.view(np.uint64) + _NO_NUMBER)
    if data is None or not left.any():
        return hashed
    size = int(bounds[-1])
    padded = np.zeros(size + 8, np.uint8)  # so that a word may begin at the last byte
    padded[:size] = np.frombuffer(data, np.uint8, size)
    words: Hashes = np.ndarray((size + 1,), np.dtype("<u8"), padded, strides=(1,))
    rows = np.flatnonzero(left)
    starts, left = starts[rows], left[rows]
    while len(rows):
        word = words[starts]
        short = left < 8
        word[short] &= (np.uint64(1) << (left[short].astype(np.uint64) << np.uint64(3))) - np.uint64(1)
        hashed[rows] = mixed(combined(hashed[rows], word))
        more = left > 8
        rows, starts, left = rows[more], starts[more] + 8, left[more] - 8
    return hashed


assert sys.byteorder == "little", "Arrow's buffers are read as little-endian words"
