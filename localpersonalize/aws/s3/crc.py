"""CRC-32C and CRC-64/NVME, which the standard library lacks, over arrays of bytes.

A block is cut into lanes of equal length that are computed side by side; a CRC of zeros that go before stays zero, and
one of zeros that come after is a linear map, so that lanes are put together pair by pair. The same maps combine the
CRCs of parts into the CRC of the whole.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

LANE_BITS = 8
LANE_BYTES = 1 << LANE_BITS


class Crc:
    """One reflected CRC that starts with ones and is inverted at its end.

    :param polynomial: reflected, without its highest term.
    """

    def __init__(self, width: int, polynomial: int) -> None:
        self.width, self._ones = width, (1 << width) - 1
        table = np.arange(256, dtype=np.uint64)
        for _ in range(8):
            table = (table >> np.uint64(1)) ^ np.where(
                table & np.uint64(1), np.uint64(polynomial), np.uint64(0)
            )
        self._table: Words = table
        self._zeros = lru_cache(maxsize=None)(self._zeros_map)
        self._tables = lru_cache(maxsize=None)(self._map_tables)

    def update(self, value: int, content: bytes) -> int:
        """The CRC of what `value` is the CRC of, with `content` behind it; start with 0."""
        return self._behind(value ^ self._ones, len(content)) ^ self._raw(content) ^ self._ones

    def combine(self, first: int, second: int, second_size: int) -> int:
        """The CRC of two contents, one behind the other, from the CRC of each."""
        return self._behind(first, second_size) ^ second

    def _raw(self, content: bytes) -> int:
        """The register after `content`, had it been zero before."""
        if not content:
            return 0
        lanes = -(-len(content) // LANE_BYTES)
        padded = np.zeros(lanes * LANE_BYTES, np.uint8)
        padded[-len(content) :] = np.frombuffer(content, np.uint8)
        columns = np.ascontiguousarray(padded.reshape(lanes, LANE_BYTES).T).astype(np.uint64)
        register = np.zeros(lanes, np.uint64)
        low, eight = np.uint64(0xFF), np.uint64(8)
        for column in columns:
            register = self._table[(register ^ column) & low] ^ (register >> eight)
        level = LANE_BITS
        while len(register) > 1:
            if len(register) % 2:
                register = np.concatenate([np.zeros(1, np.uint64), register])
            register = self._apply(level, register[0::2]) ^ register[1::2]
            level += 1
        return int(register[0])

    def _behind(self, register: int, zeros: int) -> int:
        """The register after so many more bytes of zero."""
        level = 0
        while zeros and register:
            if zeros & 1:
                register = int(self._apply(level, np.array([register], np.uint64))[0])
            zeros, level = zeros >> 1, level + 1
        return register

    def _apply(self, level: int, registers: Words) -> Words:
        """What becomes of registers after 2**level bytes of zero."""
        result = np.zeros_like(registers)
        for byte, table in enumerate(self._tables(level)):
            result ^= table[(registers >> np.uint64(8 * byte)) & np.uint64(0xFF)]
        return result

    def _map_tables(self, level: int) -> list[Words]:
        """The map of `_zeros_map` by the bytes of a register."""
        columns, tables = self._zeros(level), []
        for byte in range(self.width // 8):
            table = np.zeros(256, np.uint64)
            for bit in range(8):
                table[1 << bit : 2 << bit] = table[: 1 << bit] ^ columns[8 * byte + bit]
            tables.append(table)
        return tables

    def _zeros_map(self, level: int) -> Words:
        """What each single bit of a register becomes after 2**level bytes of zero."""
        bits = np.uint64(1) << np.arange(self.width, dtype=np.uint64)
        if level == 0:
            register: Words = self._table[bits & np.uint64(0xFF)] ^ (bits >> np.uint64(8))
            return register
        return self._apply(level - 1, self._zeros(level - 1))


@cache
def crc32() -> Crc:
    """The CRC of zlib, for its `combine`."""
    return Crc(32, 0xEDB88320)


@cache
def crc32c() -> Crc:
    return Crc(32, 0x82F63B78)


@cache
def crc64nvme() -> Crc:
    return Crc(64, 0x9A6C9329AC4BC9B5)
