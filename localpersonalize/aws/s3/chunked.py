"""Bodies in signed chunks (`aws-chunked`), as SDKs send them when they don't know a body's hash or checksum before.

Source: "Signature calculations for the authorization header: transferring payload in multiple chunks" and the same
"including trailing headers" of the S3 API reference.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator

from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.protocol.sigv4 import Signed

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
FORMS = (SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER)
MAX_LINE_BYTES = 8192
MAX_TRAILER_LINES = 16
_HEAD = re.compile(rb"([0-9a-fA-F]{1,15})(?:;chunk-signature=([0-9a-f]{64}))?")
_EMPTY = hashlib.sha256(b"").hexdigest()


class ChunkedDecoder:
    """Takes bytes as they arrive, gives those of the body; `trailers` are there at the end."""

    def __init__(self, signed: Signed, trailer_names: Collection[str] = ()) -> None:
        self._signed, self._form = signed, signed.payload
        self._previous, self._expected = signed.signature, ""
        self._trailer_names = trailer_names
        self._buffer = bytearray()
        self._step = "head"
        self._left, self._hash = 0, hashlib.sha256()
        self._trailer_text = b""
        self.trailers: dict[str, str] = {}

    def feed(self, content: bytes) -> Iterator[bytes]:
        """
        :raises S3Error: IncompleteBody, if these are no chunks; SignatureDoesNotMatch, at the first chunk that was
            changed.
        """
        self._buffer += content
        while self._buffer and self._step != "end":
            if self._step == "data":
                yield self._data()
            elif (line := self._line()) is None:
                return
            elif self._step == "head":
                self._head(line)
            elif self._step == "behind data":
                if line:
                    raise _malformed("A chunk is longer than its size")
                self._step = "head"
            else:
                self._trailer(line)
        if self._buffer and self._step == "end":
            raise _malformed("There is more behind the last chunk")

    def finish(self) -> None:
        """
        :raises S3Error: IncompleteBody, if the last chunk or its trailers have not come.
        """
        bare_end = self._step == "trailer" and not self._buffer and not self._trailer_text
        if self._step != "end" and not (bare_end and not self._trailer_names):
            raise _malformed("The body ended before its last chunk")

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n", 0, MAX_LINE_BYTES)
        if end < 0:
            if len(self._buffer) >= MAX_LINE_BYTES:
                raise _malformed("A line of the chunk encoding is too long")
            return None
        line = bytes(self._buffer[:end]).removesuffix(b"\r")
        del self._buffer[: end + 1]
        return line

    def _head(self, line: bytes) -> None:
        match = _HEAD.fullmatch(line)
        if not match or (match[2] is None) is not (self._form == UNSIGNED_TRAILER):
            raise _malformed("A chunk has no size, or no signature")
        self._left, self._hash = int(match[1], 16), hashlib.sha256()
        self._expected = (match[2] or b"").decode()
        self._step = "data" if self._left else "trailer"
        if not self._left:
            self._check_chunk()

    def _data(self) -> bytes:
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(piece)
        if self._form != UNSIGNED_TRAILER:
            self._hash.update(piece)
        if not self._left:
            self._check_chunk()
            self._step = "behind data"
        return piece

    def _check_chunk(self) -> None:
        if self._form == UNSIGNED_TRAILER:
            return
        digest = self._hash.hexdigest()
        self._check("AWS4-HMAC-SHA256-PAYLOAD", _EMPTY, digest)

    def _check(self, algorithm: str, *digests: str) -> None:
        if not self._signed.signs(self._expected, algorithm, self._previous, *digests):
            raise S3Error(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided: a chunk was changed.",
            )
        self._previous = self._expected

    def _trailer(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"x-amz-trailer-signature":
            self._expected = value.strip().decode("latin-1")
            digest = hashlib.sha256(self._trailer_text).hexdigest()
            self._check("AWS4-HMAC-SHA256-TRAILER", digest)
            self._trailer_text = b""
        elif line:
            self._read_trailer(name.strip().lower().decode("latin-1"), value.strip())
        elif not (
            self._form == SIGNED_TRAILER and self._trailer_text
        ):  # some leave a line free before the signature
            self._end()

    def _read_trailer(self, name: str, value: bytes) -> None:
        if name not in self._trailer_names or self._form == SIGNED or len(self.trailers) >= MAX_TRAILER_LINES:
            raise S3Error(
                "MalformedTrailerError", "A trailer was sent that x-amz-trailer does not name.", 400
            )
        self.trailers[name] = value.decode("latin-1")
        self._trailer_text += name.encode("latin-1") + b":" + value + b"\n"

    def _end(self) -> None:
        missing = set(self._trailer_names) - set(self.trailers)
        if missing:
            raise S3Error(
                "MalformedTrailerError", f"The trailer {', '.join(sorted(missing))} was not sent.", 400
            )
        self._step = "end"


def _malformed(what: str) -> S3Error:
    return S3Error("IncompleteBody", f"The request body can't be read. {what}.")
