"""Text that goes to S3 as it is made: files of bounded size, each a multipart upload, no copy on disk."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

MIB = 1 << 20
SMALLEST_PART = 5 * MIB


@dataclass(frozen=True)
class Sizes:
    """How much goes into a request and into a file, in bytes.

    At most `in_flight` parts wait or travel at once, so memory stays near `part * (in_flight + 2)`. Files of
    32 MiB are finished while the next is read, and a snapshot copies many of them at once.
    """

    part: int = 6 * MIB
    file: int = 32 * MIB
    in_flight: int = 3

    def __post_init__(self) -> None:
        if self.part < SMALLEST_PART:
            raise ValueError(f"a part of {self.part} bytes: S3 takes {SMALLEST_PART} (5 MiB) or more")


@dataclass(frozen=True)
class File:
    """A finished object."""

    key: str
    rows: int
    bytes: int
    parts: int


@dataclass
class _Open:
    """The file that is being written."""

    key: str
    upload_id: str | None = None
    parts: list[Future[dict[str, Any]]] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0


class S3Files:
    """Writes lines into numbered objects `<stem>00000.csv`, each with a header, as the lines come.

    Parts are sent by threads of its own. Close it, or abort it: an aborted one leaves no object behind that
    was not finished before.
    """

    def __init__(
        self,
        client: Any,
        bucket: str,
        stem: str,
        header: bytes,
        sizes: Sizes | None = None,
        *,
        suffix: str = ".csv",
        content_type: str = "text/csv",
    ) -> None:
        self.client, self.bucket, self.stem, self.header = client, bucket, stem, header
        self.suffix, self.content_type = suffix, content_type
        self.sizes = sizes or Sizes()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="upload")
        self._room = BoundedSemaphore(self.sizes.in_flight)
        self._hash = hashlib.sha256()
        self._pieces: list[Any] = []
        self._size = 0
        self._file: _Open | None = None
        self._done: list[Future[File]] = []
        self._unfinished: list[_Open] = []

    @property
    def content_hash(self) -> str:
        """SHA-256 of all lines so far, whatever files they went to."""
        return self._hash.hexdigest()

    def expect(self) -> None:
        """Let a client that is made at its first use be made now, in another thread."""
        self._pool.submit(getattr, self.client, "meta")

    def write(self, lines: Any, rows: int) -> None:
        """Append whole lines, as any buffer of bytes."""
        if self._file is None:
            self._file = _Open(f"{self.stem}{len(self._done):05d}{self.suffix}")
            self._unfinished.append(self._file)
            self._pieces, self._size = [self.header], len(self.header)
        self._hash.update(lines)
        self._pieces.append(lines)
        self._size += len(memoryview(lines))
        self._file.rows += rows
        if self._file.bytes + self._size >= self.sizes.file:
            self._finish(self._file)
        elif self._size >= self.sizes.part:
            self._send(self._file)

    def close(self) -> Sequence[File]:
        """Send what is left and wait until every object is there.

        :raises botocore.exceptions.ClientError: when S3 refused a part
        """
        if self._file is not None:
            self._finish(self._file)
        files = [done.result() for done in self._done]
        self._pool.shutdown()
        return files

    def abort(self) -> None:
        """Forget what is unfinished, in S3 too."""
        self._pool.shutdown(cancel_futures=True)
        for file in self._unfinished:
            if file.upload_id is not None:
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=file.key, UploadId=file.upload_id)

    def _send(self, file: _Open) -> None:
        if file.upload_id is None:
            created = self.client.create_multipart_upload(
                Bucket=self.bucket, Key=file.key, ContentType=self.content_type, ChecksumAlgorithm="CRC32"
            )
            file.upload_id = created["UploadId"]
        body, number = self._drain(file), len(file.parts) + 1
        self._room.acquire()  # where the writer waits for the network
        file.parts.append(self._pool.submit(self._upload_part, file, number, body))
        for part in file.parts:
            if part.done() and part.exception() is not None:
                part.result()  # stop reading the database at once when S3 refuses

    def _finish(self, file: _Open) -> None:
        self._file = None
        if file.upload_id is None:
            self._room.acquire()
            self._done.append(self._pool.submit(self._put, file, self._drain(file)))
            return
        if self._size:
            self._file = file
            self._send(file)
            self._file = None
        self._done.append(self._pool.submit(self._complete, file))

    def _drain(self, file: _Open) -> bytes:
        body = b"".join(self._pieces)
        file.bytes += len(body)
        self._pieces, self._size = [], 0
        return body

    def _upload_part(self, file: _Open, number: int, body: bytes) -> dict[str, Any]:
        try:
            sent = self.client.upload_part(
                Bucket=self.bucket,
                Key=file.key,
                UploadId=file.upload_id,
                PartNumber=number,
                Body=body,
                ChecksumCRC32=(checksum := _crc32(body)),
            )
        finally:
            self._room.release()
        return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": checksum}

    def _put(self, file: _Open, body: bytes) -> File:
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=file.key,
                Body=body,
                ContentType=self.content_type,
                ChecksumCRC32=_crc32(body),
            )
        finally:
            self._room.release()
        self._unfinished.remove(file)
        return File(file.key, file.rows, file.bytes, 1)

    def _complete(self, file: _Open) -> File:
        # Parts were given to the pool before this, so they run or have run: waiting here cannot block them.
        parts = [part.result() for part in file.parts]
        self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=file.key, UploadId=file.upload_id, MultipartUpload={"Parts": parts}
        )
        self._unfinished.remove(file)
        return File(file.key, file.rows, file.bytes, len(parts))


def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
