"""CopyObject: the same bytes under another key, and where the source of a copy is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import unquote

from localpersonalize.aws.s3 import checksums, metadata, notes
from localpersonalize.aws.s3.body import in_thread
from localpersonalize.aws.s3.conditions import check_of_write, check_read
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import Check, NewFile, OpenObject
from localpersonalize.aws.s3.requests import Answer, Request, xml_answer
from localpersonalize.aws.s3.storage import Storage

COPY_BYTES = 1 << 20
SOURCE = "x-amz-copy-source"


async def copy_object(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    note = await in_thread(_copy, storage, request, check_of_write(request.headers, request.key))
    content = {
        "LastModified": note.modified_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "ETag": f'"{note.etag}"',
        **metadata.checksum_elements(note.checksum),
    }
    return xml_answer("CopyObjectResult", content)


def open_source(storage: Storage, headers: Mapping[str, str]) -> OpenObject:
    """The object that is to be copied, to be closed by the caller.

    :raises S3Error: InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion or PreconditionFailed.
    """
    named, _, version = headers[SOURCE].partition("?versionId=")
    bucket, _, key = unquote(named).removeprefix("/").partition("/")
    if not bucket or not key:
        raise S3Error(
            "InvalidArgument",
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            ArgumentName=SOURCE,
        )
    if version not in ("", "null"):
        raise S3Error("NoSuchVersion", "The specified version does not exist.")
    opened = storage.objects.open(bucket, key)
    try:
        check_read(headers, opened.note, "x-amz-copy-source-")
    except BaseException:
        opened.source.close()
        raise
    return opened


def _copy(storage: Storage, request: Request, check: Check | None) -> Note:
    opened = open_source(storage, request.headers)
    with opened.source:
        before, headers = opened.note, request.headers
        replaces = _directive(headers, "x-amz-metadata-directive")
        retags = _directive(headers, "x-amz-tagging-directive")
        to_itself = (before.bucket, before.key) == (request.bucket, request.key)
        if to_itself and not (replaces or retags or "x-amz-storage-class" in headers):
            raise S3Error(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself without changing the"
                " object's metadata, storage class, website redirect location or encryption attributes.",
            )
        own = metadata.of_request(headers)
        note = Note(
            request.bucket,
            request.key,
            "",
            before.size,
            before.etag,
            notes.now(),
            metadata.storage_class(headers),
            own if replaces else before.metadata,
            metadata.tags_of_header(headers) if retags else before.tags,
        )
        wanted = headers.get("x-amz-checksum-algorithm", "").upper()
        return _store(storage, opened, note, wanted, check)


def _store(storage: Storage, opened: OpenObject, note: Note, wanted: str, check: Check | None) -> Note:
    """Give the bytes of a source a note of their own."""
    before = opened.note
    in_parts = "-" in before.etag
    keeps_checksum = not wanted or wanted == before.checksum.get("algorithm")
    composite = before.checksum.get("type") == checksums.COMPOSITE
    algorithm = wanted or (before.checksum.get("algorithm", "") if composite else "")
    reads = in_parts or not keeps_checksum or composite
    linked = storage.objects.link(opened)
    file = linked or storage.objects.new_file()
    try:
        etag, checksum = before.etag, dict(before.checksum)
        if reads or linked is None:
            etag, checksum = _read(opened, None if linked else file, algorithm, checksum)
        if linked is None:
            file.finish()
        made = replace(note, file=file.file.name, etag=etag, checksum=checksum)
        storage.objects.put(made, file, check)
        return made
    finally:
        file.discard()


def _read(
    opened: OpenObject, file: NewFile | None, algorithm: str, checksum: dict[str, str]
) -> tuple[str, dict[str, str]]:
    """ETag and checksum of a source as one whole; its bytes, into a file if there is one."""
    md5 = hashlib.md5(usedforsecurity=False)
    hasher = checksums.hasher(algorithm) if algorithm else None
    offset = 0
    while offset < opened.note.size:
        piece = opened.read_at(offset, COPY_BYTES)
        offset += len(piece)
        md5.update(piece)
        if hasher is not None:
            hasher.update(piece)
        if file is not None:
            file.write(piece)
    if hasher is not None:
        checksum = {"algorithm": algorithm, "value": checksums.encoded(hasher.digest())}
    return md5.hexdigest(), checksum


def _directive(headers: Mapping[str, str], name: str) -> bool:
    value = headers.get(name, "COPY").upper()
    if value not in ("COPY", "REPLACE"):
        raise S3Error("InvalidArgument", f"Unknown {name}.", ArgumentName=name, ArgumentValue=value[:100])
    return value == "REPLACE"
