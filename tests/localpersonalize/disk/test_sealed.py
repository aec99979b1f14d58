"""JSON that carries its checksum."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest

from localpersonalize.disk.sealed import crc32_of, seal, unseal

VALUES = {"bucket": "shop", "key": "ä \ud800", "size": 3, "tags": {"b": "2", "a": "1"}, "parts": [1, 2]}


def test_what_was_sealed_comes_back_whatever_the_order_of_its_members() -> None:
    assert unseal(seal(VALUES)) == VALUES
    assert unseal(b'{"an": "earlier version"}') == {"an": "earlier version"}


@pytest.mark.parametrize("seed", range(5))
def test_any_flipped_bit_is_found_or_changes_nothing(seed: int) -> None:
    sealed, generator = seal(VALUES), random.Random(seed)
    for _ in range(400):
        flipped = bytearray(sealed)
        flipped[generator.randrange(len(sealed))] ^= 1 << generator.randrange(8)
        try:
            values = unseal(bytes(flipped))
        except ValueError:
            continue
        # The name of the checksum itself was hit, or white space.
        assert {name: value for name, value in values.items() if name in VALUES} == VALUES, flipped


@pytest.mark.parametrize("content", [b"", b"\0" * 40, b"[1]", seal(VALUES)[:-1], b"[" * 100_000, b"\xff"])
def test_what_is_no_sealed_json(content: bytes) -> None:
    with pytest.raises(ValueError):
        unseal(content)


def test_the_checksum_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(3_000_001)
    (tmp_path / "f").write_bytes(content)
    assert crc32_of(tmp_path / "f") == zlib.crc32(content)
