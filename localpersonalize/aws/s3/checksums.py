"""The checksums that a request may carry, compared with what arrived.

Source: "Checking object integrity" of the S3 user guide.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from localpersonalize.aws.s3 import crc
from localpersonalize.aws.s3.errors import S3Error, not_implemented

PREFIX = "x-amz-checksum-"
COMPOSITE, FULL_OBJECT = "COMPOSITE", "FULL_OBJECT"


class Hasher(Protocol):
    def update(self, content: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc:
    def __init__(self, update: Callable[[int, bytes], int], size: int) -> None:
        self._update, self._size, self._value = update, size, 0

    def update(self, content: bytes) -> None:
        self._value = self._update(self._value, content)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


_HASHERS: Mapping[str, Callable[[], Hasher]] = {
    "CRC32": lambda: _Crc(lambda value, content: zlib.crc32(content, value), 4),
    "CRC32C": lambda: _Crc(crc.crc32c().update, 4),
    "CRC64NVME": lambda: _Crc(crc.crc64nvme().update, 8),
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": hashlib.md5,
}
_COMBINED: Mapping[str, Callable[[], crc.Crc]] = {
    "CRC32": crc.crc32,
    "CRC32C": crc.crc32c,
    "CRC64NVME": crc.crc64nvme,
}


def hasher(algorithm: str) -> Hasher:
    """
    :raises S3Error: NotImplemented, by the name of the algorithm.
    """
    if algorithm not in _HASHERS:
        raise not_implemented(f"The checksum algorithm {algorithm}")
    return _HASHERS[algorithm]()


def encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def decoded_digest(text: str, size: int | None = None) -> bytes:
    """
    :raises ValueError: if it is not the base64 of a digest of that size.
    """
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(text) from None
    if size is not None and len(digest) != size:
        raise ValueError(text)
    return digest


def named_in(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Algorithm and value of the one checksum among headers (or the fields of a form).

    :raises S3Error: InvalidRequest, if there are several or the value is none.
    """
    entries = [
        (name.removeprefix(PREFIX).upper(), value)
        for name, value in headers.items()
        if name.startswith(PREFIX) and name not in (f"{PREFIX}mode", f"{PREFIX}type", f"{PREFIX}algorithm")
    ]
    if not entries:
        return None
    if len(entries) > 1:
        raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- header.")
    algorithm, value = entries[0]
    check_value(algorithm, value)
    return algorithm, value


def check_value(algorithm: str, value: str) -> None:
    """
    :raises S3Error: InvalidRequest, if a value can't be one of the algorithm.
    """
    try:
        decoded_digest(value, len(hasher(algorithm).digest()))
    except ValueError:
        raise S3Error("InvalidRequest", f"Value for {PREFIX}{algorithm.lower()} header is invalid.") from None


def mismatch(algorithm: str) -> S3Error:
    return S3Error("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")


def of_parts(algorithm: str, kind: str, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of an object from those of its parts (value, size), of the given kind."""
    listed = list(parts)
    if kind == FULL_OBJECT:
        combined, (first, _) = _COMBINED[algorithm](), listed[0]
        value = int.from_bytes(decoded_digest(first), "big")
        for part, size in listed[1:]:
            value = combined.combine(value, int.from_bytes(decoded_digest(part), "big"), size)
        return encoded(value.to_bytes(combined.width // 8, "big"))
    whole = hasher(algorithm)
    for part, _ in listed:
        whole.update(decoded_digest(part))
    return f"{encoded(whole.digest())}-{len(listed)}"


def kind_of(algorithm: str, wanted: str) -> str:
    """Whether a checksum of parts is of the whole or of the parts' checksums.

    :raises S3Error: InvalidRequest, if the algorithm has no such kind.
    """
    kind = wanted or (FULL_OBJECT if algorithm == "CRC64NVME" else COMPOSITE)
    allowed = {
        COMPOSITE: algorithm != "CRC64NVME" and algorithm in _HASHERS,
        FULL_OBJECT: algorithm in _COMBINED,
    }
    if not allowed.get(kind, False):
        raise S3Error(
            "InvalidRequest", f"The {kind} checksum type cannot be used with the {algorithm} algorithm."
        )
    return kind
