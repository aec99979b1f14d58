"""The body of a request: received piece by piece, bounded in size and time, compared with what was said of it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from localpersonalize.aws.s3 import checksums
from localpersonalize.aws.s3.chunked import FORMS, ChunkedDecoder
from localpersonalize.aws.s3.errors import DisconnectedError, S3Error, not_implemented
from localpersonalize.protocol.sigv4 import UNSIGNED_PAYLOAD, Signed

Receive = Callable[[], Awaitable[Any]]
Write = Callable[[bytes], None]
Result = TypeVar("Result")

READ_SECONDS = 30.0
BATCH_BYTES = 1 << 18
MAX_PUT_BYTES = 5 << 30
MAX_DOCUMENT_BYTES = 2 << 20
FILE_THREADS = 16

_files = ThreadPoolExecutor(FILE_THREADS, thread_name_prefix="s3")


async def in_thread(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call what waits for the disk, or hashes, where it holds nobody up."""
    return await asyncio.get_running_loop().run_in_executor(_files, function, *arguments)


async def batches(receive: Receive, consume: Callable[[bytes], Awaitable[None]]) -> None:
    """Pass a body on as it comes in.

    :raises DisconnectedError: if the client is gone before the end.
    :raises S3Error: RequestTimeout, if nothing comes for too long.
    """
    pending = bytearray()
    while True:
        try:
            message = await asyncio.wait_for(receive(), READ_SECONDS)
        except TimeoutError:
            raise S3Error(
                "RequestTimeout",
                "Your socket connection to the server was not read from or written to within the timeout period.",
            ) from None
        if message["type"] != "http.request":
            raise DisconnectedError
        pending += message.get("body", b"")
        more = message.get("more_body", False)
        if len(pending) >= BATCH_BYTES or (pending and not more):
            await consume(bytes(pending))
            pending.clear()
        if not more:
            return


class Body:
    """What the headers say of a body, and the body when it comes."""

    def __init__(
        self, headers: Mapping[str, str], signed: Signed | None, receive: Receive, has_checksum: bool = True
    ) -> None:
        """
        :param has_checksum: whether a checksum among the headers is of the body, and not of an object that the request
            puts together.
        """
        self._receive, self._headers = receive, headers
        self._payload = signed.payload if signed else UNSIGNED_PAYLOAD
        self._decoder: ChunkedDecoder | None = None
        self._size = _size(headers.get("content-length"))
        names = [name.strip().lower() for name in headers.get("x-amz-trailer", "").split(",") if name.strip()]
        if self._payload.startswith("STREAMING-"):
            if self._payload not in FORMS or signed is None:
                raise not_implemented(f"A body of the form {self._payload[:80]}")
            self._decoder = ChunkedDecoder(signed, names)
            self._size = _size(headers.get("x-amz-decoded-content-length"))
            if self._size is None:
                raise S3Error(
                    "MissingContentLength", "You must provide the x-amz-decoded-content-length header."
                )
        self._trailer = _checksum_trailer(names)
        self._named = checksums.named_in(headers) if has_checksum else None
        self.md5 = hashlib.md5(usedforsecurity=False)
        self._sha256 = hashlib.sha256() if len(self._payload) == 64 else None
        wanted = headers.get("x-amz-sdk-checksum-algorithm", headers.get("x-amz-checksum-algorithm", ""))
        self.algorithm = self._named[0] if self._named else self._trailer or wanted.upper()
        self._checksum = checksums.hasher(self.algorithm) if self.algorithm else None
        self._content_md5 = _content_md5(headers.get("content-md5"))
        self._received, self._limit = 0, MAX_PUT_BYTES
        if self._size is not None and self._size > self._limit:
            raise _too_large(self._limit)

    async def stream(self, write: Write, limit: int = MAX_PUT_BYTES) -> None:
        """Pass the body to `write`, in threads, and compare it with its length, hash and checksums.

        :raises S3Error: IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, SignatureDoesNotMatch, EntityTooLarge.
        """
        self._limit = limit

        async def consume(content: bytes) -> None:
            await in_thread(self._consume, content, write)

        await batches(self._receive, consume)
        await in_thread(self._finish)

    async def read(self, limit: int = MAX_DOCUMENT_BYTES) -> bytes:
        """A small body."""
        content = bytearray()
        await self.stream(content.extend, limit)
        return bytes(content)

    @property
    def checksum(self) -> dict[str, str]:
        """Algorithm and value of the checksum that was compared (or made, if only its algorithm was named)."""
        if self._checksum is None:
            return {}
        return {"algorithm": self.algorithm, "value": checksums.encoded(self._checksum.digest())}

    def _consume(self, content: bytes, write: Write) -> None:
        for piece in self._decoder.feed(content) if self._decoder else (content,):
            self._received += len(piece)
            if self._received > self._limit:
                raise _too_large(self._limit)
            self.md5.update(piece)
            if self._sha256 is not None:
                self._sha256.update(piece)
            if self._checksum is not None:
                self._checksum.update(piece)
            write(piece)

    def _finish(self) -> None:
        if self._decoder is not None:
            self._decoder.finish()
        if self._size is not None and self._received != self._size:
            raise S3Error(
                "IncompleteBody",
                "You did not provide the number of bytes specified by the Content-Length header.",
            )
        if self._sha256 is not None and not hmac.compare_digest(self._sha256.hexdigest(), self._payload):
            raise S3Error(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
        if self._content_md5 is not None and self.md5.digest() != self._content_md5:
            raise S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.")
        expected = self._named[1] if self._named else ""
        if self._trailer and self._decoder is not None:
            expected = self._decoder.trailers.get(checksums.PREFIX + self._trailer.lower(), "")
            checksums.check_value(self._trailer, expected)
        made = self._checksum.digest() if self._checksum is not None else b""
        if expected and checksums.decoded_digest(expected) != made:
            raise checksums.mismatch(self.algorithm)


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise S3Error("InvalidArgument", f"{text[:40]} is not a length.")
    return int(text)


def _checksum_trailer(names: list[str]) -> str:
    trailers = [name for name in names if name.startswith(checksums.PREFIX)]
    if len(trailers) > 1:
        raise S3Error("InvalidRequest", "Expecting a single x-amz-checksum- trailer.")
    return trailers[0].removeprefix(checksums.PREFIX).upper() if trailers else ""


def _content_md5(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        return checksums.decoded_digest(text, 16)
    except ValueError:
        raise S3Error("InvalidDigest", "The Content-MD5 you specified is not valid.") from None


def _too_large(limit: int) -> S3Error:
    return S3Error(
        "EntityTooLarge" if limit == MAX_PUT_BYTES else "MaxMessageLengthExceeded",
        f"Your request is too large: {limit} bytes are allowed.",
    )
