"""PutObject, GetObject, HeadObject, DeleteObject, DeleteObjects, and an object's tags and attributes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

from localpersonalize.aws.s3 import metadata, notes
from localpersonalize.aws.s3.body import in_thread
from localpersonalize.aws.s3.conditions import check_of_write, check_read
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import Check, NewFile, OpenObject
from localpersonalize.aws.s3.requests import Answer, Request, xml_answer
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.xml import Content, MalformedError, parse, text_of

PIECE_BYTES = 1 << 19
MAX_DELETED = 1000
_RANGE = re.compile(r"bytes=(?P<first>\d{0,18})-(?P<last>\d{0,18})")


async def put_object(storage: Storage, request: Request) -> Answer:
    """Store the body of a request when all of it has come, and is what its headers say."""
    storage.buckets.require(request.bucket)
    headers = request.headers
    note = Note(
        request.bucket,
        request.key,
        "",
        0,
        "",
        "",
        metadata.storage_class(headers),
        metadata.of_request(headers),
        metadata.tags_of_header(headers),
    )
    check = check_of_write(headers, request.key)
    file = await in_thread(storage.objects.new_file)
    try:
        await request.body.stream(file.write)
        note = replace(
            note,
            file=file.file.name,
            size=file.size,
            etag=request.body.md5.hexdigest(),
            modified=notes.now(),
            checksum=request.body.checksum,
        )
        await in_thread(_finish, storage, note, file, check)
    finally:
        file.discard()
    return Answer(
        200, {"etag": f'"{note.etag}"', **_encryption(note), **metadata.checksum_headers(note.checksum)}
    )


def _finish(storage: Storage, note: Note, file: NewFile, check: Check | None) -> None:
    file.finish()
    storage.objects.put(note, file, check)


async def get_object(storage: Storage, request: Request) -> Answer:
    """One version of an object, whole or a range of it."""
    opened, first = await in_thread(_open, storage, request)
    note = opened.note
    status, start, size, headers = first
    if request.method == "HEAD" or size == 0:
        opened.source.close()
        return Answer(status, headers)
    piece = await in_thread(opened.read_at, start, min(size, PIECE_BYTES))
    if len(piece) == size:
        opened.source.close()
        return Answer(status, headers, piece)
    return Answer(status, headers, stream=_pieces(opened, start, size, piece, note))


def _open(storage: Storage, request: Request) -> tuple[OpenObject, tuple[int, int, int, dict[str, str]]]:
    opened = storage.objects.open(request.bucket, request.key, verify=request.method != "HEAD")
    try:
        return opened, _head(opened.note, request)
    except BaseException:
        opened.source.close()
        raise


def _head(note: Note, request: Request) -> tuple[int, int, int, dict[str, str]]:
    """Status, first byte, number of bytes, headers."""
    if request.query.get("versionId", "null") != "null":
        raise S3Error("NoSuchVersion", "The specified version does not exist.")
    check_read(request.headers, note)
    start, size, ranged = _bounds(note, request)
    with_checksum = request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and not ranged
    headers = metadata.of_answer(note, request.query, with_checksum)
    headers["content-length"] = str(size)
    if "partNumber" in request.query:
        headers["x-amz-mp-parts-count"] = str(max(len(note.parts), 1))
    if ranged:
        headers["content-range"] = f"bytes {start}-{start + size - 1}/{note.size}"
    return 206 if ranged else 200, start, size, headers


def _bounds(note: Note, request: Request) -> tuple[int, int, bool]:
    """First byte, number of bytes, and whether it is a part of the whole.

    :raises S3Error: InvalidRange or InvalidPart.
    """
    if "partNumber" in request.query:
        parts, number = note.parts or (note.size,), request.number("partNumber", 1, 1, 10_000)
        if number > len(parts):
            raise S3Error("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
        return sum(parts[: number - 1]), parts[number - 1], note.size > 0
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or not (match["first"] or match["last"]):
        return 0, note.size, False  # no range, or one of a form that S3 does not know
    if match["first"]:
        start, last = int(match["first"]), min(int(match["last"] or note.size - 1), note.size - 1)
        if match["last"] and int(match["last"]) < start:
            return 0, note.size, False
    else:
        start, last = max(note.size - int(match["last"]), 0), note.size - 1
    if start > last:
        raise S3Error(
            "InvalidRange",
            "The requested range is not satisfiable",
            RangeRequested=request.headers["range"],
            ActualObjectSize=str(note.size),
        )
    return start, last - start + 1, True


async def _pieces(
    opened: OpenObject, start: int, size: int, piece: bytes, note: Note
) -> AsyncIterator[bytes]:
    with opened.source:
        offset, end = start, start + size
        while True:
            offset += len(piece)
            yield piece
            if offset >= end:
                return
            piece = await in_thread(opened.read_at, offset, min(end - offset, PIECE_BYTES))


async def delete_object(storage: Storage, request: Request) -> Answer:
    """Delete one object; none is as good."""
    storage.buckets.require(request.bucket)
    if request.query.get("versionId", "null") != "null":
        raise S3Error("NoSuchVersion", "The specified version does not exist.")
    check = check_of_write(request.headers, request.key)
    await in_thread(storage.objects.delete, request.bucket, [request.key], check)
    return Answer(204)


async def delete_objects(storage: Storage, request: Request) -> Answer:
    """Delete up to 1,000 objects."""
    storage.buckets.require(request.bucket)
    root = await read_document(request, "Delete")
    listed = root.findall("Object")
    keys = [entry.findtext("Key") or "" for entry in listed]
    if not keys or len(keys) > MAX_DELETED or not all(keys):
        raise S3Error("MalformedXML", f"A Delete document names 1 to {MAX_DELETED} keys.")
    unknown = {
        key
        for key, entry in zip(keys, listed, strict=True)
        if text_of(entry, "VersionId") not in ("", "null")
    }
    deleted = [key for key in keys if key not in unknown]
    await in_thread(storage.objects.delete, request.bucket, deleted)
    errors: list[Content] = [
        {"Key": key, "Code": "NoSuchVersion", "Message": "The specified version does not exist."}
        for key in sorted(unknown)
    ]
    quiet = text_of(root, "Quiet").lower() == "true"
    return xml_answer(
        "DeleteResult", {"Deleted": [] if quiet else [{"Key": key} for key in deleted], "Error": errors}
    )


async def get_tagging(storage: Storage, request: Request) -> Answer:
    note = await in_thread(storage.objects.require, request.bucket, request.key)
    return xml_answer("Tagging", metadata.tag_set(note.tags))


async def put_tagging(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    tags = metadata.tags_of_document(await read_document(request, "Tagging"))
    await in_thread(storage.objects.change, request.bucket, request.key, partial(_with_tags, tags))
    return Answer(200)


async def delete_tagging(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    await in_thread(storage.objects.change, request.bucket, request.key, partial(_with_tags, {}))
    return Answer(204)


def _with_tags(tags: Mapping[str, str], note: Note) -> Note:
    return replace(note, tags=tags)


async def get_acl(storage: Storage, request: Request) -> Answer:
    """Whoever owns the bucket may do everything, and nobody else anything: there are no others."""
    if request.key:
        await in_thread(storage.objects.require, request.bucket, request.key)
    else:
        storage.buckets.require(request.bucket)
    owner = storage.owner
    return xml_answer("AccessControlPolicy", {"Owner": owner, "AccessControlList": {}})


async def put_acl(storage: Storage, request: Request) -> Answer:
    metadata.of_request(request.headers)
    if await request.body.read():
        raise S3Error("AccessControlListNotSupported", "The bucket does not allow ACLs")
    return Answer(200)


async def get_attributes(storage: Storage, request: Request) -> Answer:
    """Those that the request names."""
    note = await in_thread(storage.objects.require, request.bucket, request.key)
    named = {name.strip() for name in request.headers.get("x-amz-object-attributes", "").split(",")}
    checksum = metadata.checksum_elements(note.checksum)
    known: dict[str, Content] = {
        "ETag": note.etag,
        "Checksum": checksum or None,
        "ObjectParts": {"TotalPartsCount": len(note.parts)} if note.parts else None,
        "StorageClass": note.storage,
        "ObjectSize": note.size,
    }
    if not named or named - set(known):
        raise S3Error("InvalidArgument", "Invalid attribute name specified.")
    attributes = {name: value for name, value in known.items() if name in named}
    modified = metadata.of_answer(note, {}, False)["last-modified"]
    return xml_answer("GetObjectAttributesResponse", attributes, **{"last-modified": modified})


async def read_document(request: Request, name: str) -> ElementTree.Element:
    """The XML of a request's body.

    :raises S3Error: MalformedXML.
    """
    content = await request.body.read()
    try:
        root = parse(content)
        if root.tag == name:
            return root
    except MalformedError:
        pass
    raise S3Error(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )


def _encryption(note: Note) -> dict[str, str]:
    return {
        name: value
        for name, value in note.metadata.items()
        if name.startswith("x-amz-server-side-encryption")
    }
