"""Presigned POST: a form of a web page (or of a client that was given one) whose last field is the object.

Source: "Browser-based uploads using POST" of the S3 API reference.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from urllib.parse import quote, urlencode

from localpersonalize.aws.s3 import checksums, metadata, notes
from localpersonalize.aws.s3.authentication import Authenticator, check_form
from localpersonalize.aws.s3.body import Receive, batches, in_thread
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import NewFile
from localpersonalize.aws.s3.requests import MAX_KEY_BYTES, XML, Answer
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.xml import document

MAX_FIELDS_BYTES = 64 << 10
_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?boundary="?([^";,]{1,70})"?', re.IGNORECASE | re.DOTALL)
_PARAMETER = re.compile(r'(?:^|;)\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


class FormReader:
    """Takes a form as it arrives: fields are kept, the file goes on to `file` until its boundary."""

    def __init__(self, boundary: str) -> None:
        self._boundary = b"\r\n--" + boundary.encode("latin-1")
        self._buffer = bytearray(b"\r\n")
        self.fields: dict[str, str] = {}
        self.filename = ""
        self.in_file = self.done = False

    def feed(self, content: bytes) -> bytes:
        """What of the file has come.

        :raises S3Error: MalformedPOSTRequest or MaxPostPreDataLengthExceededError.
        """
        if self.done:
            return b""
        self._buffer += content
        while not self.in_file:
            if not self._field():
                if len(self._buffer) > MAX_FIELDS_BYTES:
                    raise S3Error(
                        "MaxPostPreDataLengthExceededError",
                        "Your POST request fields preceding the upload file were too large.",
                        400,
                    )
                return b""
        end = self._buffer.find(self._boundary)
        tail = len(self._buffer) if end >= 0 else len(self._boundary)
        size = end if end >= 0 else max(len(self._buffer) - tail, 0)
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.done = end >= 0
        return piece

    def _field(self) -> bool:
        """Take one field; whether it was whole, or is the file's beginning."""
        head_end = self._buffer.find(b"\r\n\r\n")
        if not self._buffer.startswith(self._boundary[: len(self._buffer)]):
            raise _malformed("it does not begin with its boundary")
        if head_end < 0:
            return False
        head = bytes(self._buffer[len(self._boundary) : head_end]).decode("utf-8", "replace")
        disposition = next(
            (line for line in head.split("\r\n") if line.lower().startswith("content-disposition:")), ""
        )
        parameters = {name.lower(): value for name, value in _PARAMETER.findall(disposition)}
        name = parameters.get("name", "").lower()
        if not name:
            raise _malformed("a field has no name")
        if name == "file":
            del self._buffer[: head_end + 4]
            self.filename = parameters.get("filename", "").replace("\\", "/").rpartition("/")[2]
            self.in_file = True
            return True
        end = self._buffer.find(self._boundary, head_end + 4)
        if end < 0:
            return False
        self.fields[name] = bytes(self._buffer[head_end + 4 : end]).decode("utf-8", "replace")
        del self._buffer[:end]
        if sum(map(len, self.fields.values())) > MAX_FIELDS_BYTES:
            raise _malformed("its fields are too large")
        return True


async def post_object(
    storage: Storage, authenticator: Authenticator, bucket: str, content_type: str, receive: Receive
) -> Answer:
    """Store the file of a form whose policy is signed and allows it."""
    match = _BOUNDARY.match(content_type)
    if not match:
        raise S3Error("PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data")
    storage.buckets.require(bucket)
    upload = _Upload(storage, authenticator, bucket, FormReader(match[1]))
    try:
        await batches(receive, upload.write)
        return await in_thread(upload.finish)
    finally:
        if upload.file is not None:
            upload.file.discard()


class _Upload:
    """One form on its way into an object."""

    def __init__(self, storage: Storage, authenticator: Authenticator, bucket: str, form: FormReader) -> None:
        self._storage, self._authenticator, self._bucket, self._form = storage, authenticator, bucket, form
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._least, self._most = 0, 0
        self.file: NewFile | None = None

    async def write(self, content: bytes) -> None:
        await in_thread(self._write, content)

    def _write(self, content: bytes) -> None:
        piece = self._form.feed(content)
        if not self._form.in_file:
            return
        if self.file is None:
            fields = self._form.fields
            self._authenticator.authenticate_form(fields)
            fields["key"] = self._key()
            self._least, self._most = check_form(fields["policy"], fields, self._bucket)
            self._named = checksums.named_in(fields)
            self._hasher = checksums.hasher(self._named[0]) if self._named else None
            self.file = self._storage.objects.new_file()
        self._md5.update(piece)
        if self._hasher is not None:
            self._hasher.update(piece)
        self.file.write(piece)
        if self.file.size > self._most:
            raise S3Error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")

    def finish(self) -> Answer:
        file, fields = self.file, self._form.fields
        if file is None or not self._form.done:
            raise S3Error(
                "IncompleteBody" if file else "InvalidArgument", "POST requires exactly one file upload."
            )
        if file.size < self._least:
            raise S3Error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        checksum = {}
        if self._named is not None and self._hasher is not None:
            value = checksums.encoded(self._hasher.digest())
            if value != self._named[1]:
                raise checksums.mismatch(self._named[0])
            checksum = {"algorithm": self._named[0], "value": value}
        headers = {**fields, "x-amz-acl": fields.get("acl", "private")}
        file.finish()
        note = Note(
            self._bucket,
            fields["key"],
            "",
            file.size,
            self._md5.hexdigest(),
            notes.now(),
            metadata.storage_class(headers),
            metadata.of_request(headers),
            {},
            checksum,
        )
        self._storage.objects.put(replace(note, file=file.file.name), file)
        return _answer(note, fields)

    def _key(self) -> str:
        key = self._form.fields.get("key", "").replace("${filename}", self._form.filename)
        if not key:
            raise S3Error(
                "InvalidArgument", "Bucket POST must contain a field named 'key'.", ArgumentName="key"
            )
        if len(key.encode()) > MAX_KEY_BYTES:
            raise S3Error("KeyTooLongError", "Your key is too long")
        return key


def _answer(note: Note, fields: dict[str, str]) -> Answer:
    location = f"/{note.bucket}/{quote(note.key, safe='/')}"
    headers = {"etag": f'"{note.etag}"', "location": location}
    redirect = fields.get("success_action_redirect", fields.get("redirect", ""))
    if redirect.startswith(("http://", "https://")) and redirect.isascii() and redirect.isprintable():
        known = urlencode({"bucket": note.bucket, "key": note.key, "etag": f'"{note.etag}"'})
        return Answer(303, {**headers, "location": f"{redirect}{'&' if '?' in redirect else '?'}{known}"})
    status = fields.get("success_action_status")
    if status == "201":
        content = {"Location": location, "Bucket": note.bucket, "Key": note.key, "ETag": f'"{note.etag}"'}
        return Answer(201, {**headers, "content-type": XML}, document("PostResponse", content, namespace=""))
    return Answer(200 if status == "200" else 204, headers)


def _malformed(what: str) -> S3Error:
    return S3Error(
        "MalformedPOSTRequest",
        f"The body of your POST request is not well-formed multipart/form-data: {what}.",
    )
