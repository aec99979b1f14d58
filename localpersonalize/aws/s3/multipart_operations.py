"""CreateMultipartUpload, UploadPart(Copy), CompleteMultipartUpload, AbortMultipartUpload, and their lists."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from xml.etree import ElementTree

from localpersonalize.aws.s3 import checksums, metadata, notes
from localpersonalize.aws.s3.body import in_thread
from localpersonalize.aws.s3.conditions import check_of_write
from localpersonalize.aws.s3.copying import COPY_BYTES, SOURCE, open_source
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.listings import MAX_KEYS, Encode, _encoder
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.object_operations import read_document
from localpersonalize.aws.s3.objects import Check, NewFile
from localpersonalize.aws.s3.requests import Answer, Request, xml_answer
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.uploads import Part, Upload, wanted_parts
from localpersonalize.aws.s3.xml import Content, text_of

MIN_PART_BYTES = 5 << 20
MAX_PARTS = 10_000
_COPY_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})")


async def create_multipart_upload(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    headers = request.headers
    await request.body.read()
    algorithm, kind = (
        headers.get("x-amz-checksum-algorithm", "").upper(),
        headers.get("x-amz-checksum-type", ""),
    )
    checksum = (
        {"algorithm": algorithm, "type": checksums.kind_of(algorithm, kind.upper())} if algorithm else {}
    )
    upload = await in_thread(
        lambda: storage.uploads.begin(
            request.bucket,
            request.key,
            storage=metadata.storage_class(headers),
            metadata=metadata.of_request(headers),
            tags=metadata.tags_of_header(headers),
            checksum=checksum,
        )
    )
    content = {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload.upload_id}
    answered = (
        {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": checksum["type"]} if checksum else {}
    )
    return xml_answer("InitiateMultipartUploadResult", content, **answered)


async def upload_part(storage: Storage, request: Request) -> Answer:
    upload, number = await _upload(storage, request), request.number("partNumber", 0, 1, 1 << 30)
    _check_number(number)
    expected = upload.checksum.get("algorithm")
    if expected and request.body.algorithm and request.body.algorithm != expected:
        raise S3Error(
            "InvalidRequest",
            f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual checksum Type:"
            f" {request.body.algorithm.lower()}",
        )
    file = await in_thread(storage.uploads.new_file, upload)
    try:
        await request.body.stream(file.write)
        part = Part(
            number,
            file.file.name,
            file.size,
            request.body.md5.hexdigest(),
            notes.now(),
            request.body.checksum,
        )
        await in_thread(_put_part, storage, upload, part, file)
    finally:
        file.discard()
    return Answer(200, {"etag": f'"{part.etag}"', **_part_checksum(part)})


async def upload_part_copy(storage: Storage, request: Request) -> Answer:
    upload, number = await _upload(storage, request), request.number("partNumber", 0, 1, 1 << 30)
    _check_number(number)
    part = await in_thread(_copy_part, storage, request.headers, upload, number)
    content = {
        "LastModified": part.modified.replace("+00:00", ".000Z"),
        "ETag": f'"{part.etag}"',
        **_elements(part),
    }
    return xml_answer("CopyPartResult", content)


async def complete_multipart_upload(storage: Storage, request: Request) -> Answer:
    upload = await _upload(storage, request)
    root = await read_document(request, "CompleteMultipartUpload")
    listed = root.findall("Part")
    try:
        numbers = [(int(text_of(entry, "PartNumber")), text_of(entry, "ETag")) for entry in listed]
    except ValueError:
        raise S3Error("MalformedXML", "A part number is not a number.") from None
    if not numbers:
        raise S3Error("MalformedXML", "You must specify at least one part")
    check = check_of_write(request.headers, request.key)
    note = await in_thread(_complete, storage, upload, numbers, listed, request.headers, check)
    content: dict[str, Content] = {
        "Location": f"/{note.bucket}/{note.key}",
        "Bucket": note.bucket,
        "Key": note.key,
        "ETag": f'"{note.etag}"',
        **metadata.checksum_elements(note.checksum),
    }
    return xml_answer("CompleteMultipartUploadResult", content)


async def abort_multipart_upload(storage: Storage, request: Request) -> Answer:
    upload = await _upload(storage, request)

    def abort() -> None:
        with storage.uploads.alone(upload.upload_id):
            storage.uploads.end(upload)

    await in_thread(abort)
    return Answer(204)


async def list_parts(storage: Storage, request: Request) -> Answer:
    upload = await _upload(storage, request)
    size, marker = (
        request.number("max-parts", MAX_KEYS, 0, MAX_KEYS),
        request.number("part-number-marker", 0, 0, 1 << 30),
    )
    parts = await in_thread(storage.uploads.parts, upload)
    after = [part for number, part in sorted(parts.items()) if number > marker]
    entries: list[Content] = [
        {
            "PartNumber": part.number,
            "LastModified": part.modified.replace("+00:00", ".000Z"),
            "ETag": f'"{part.etag}"',
            "Size": part.size,
            **_elements(part),
        }
        for part in after[:size]
    ]
    encode, owner = _encoder(request), storage.owner
    content: dict[str, Content] = {
        "Bucket": upload.bucket,
        "Key": encode(upload.key),
        "UploadId": upload.upload_id,
        "Initiator": owner,
        "Owner": owner,
        "StorageClass": upload.storage,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": after[:size][-1].number if after[:size] else 0,
        "MaxParts": size,
        "IsTruncated": len(after) > size,
        "ChecksumAlgorithm": upload.checksum.get("algorithm"),
        "ChecksumType": upload.checksum.get("type"),
        "Part": entries,
    }
    return xml_answer("ListPartsResult", content)


async def list_multipart_uploads(storage: Storage, request: Request) -> Answer:
    storage.buckets.require(request.bucket)
    query, encode = request.query, _encoder(request)
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    marker = (query.get("key-marker", ""), query.get("upload-id-marker", ""))
    size = request.number("max-uploads", MAX_KEYS, 1, MAX_KEYS)
    uploads = [
        entry
        for entry in await in_thread(storage.uploads.all, request.bucket)
        if entry.key.startswith(prefix)
    ]
    uploads = _behind_marker(uploads, *marker)
    plain, prefixes = [], set()
    for upload in uploads:
        end = upload.key.find(delimiter, len(prefix)) if delimiter else -1
        if end < 0:
            plain.append(upload)
        else:
            prefixes.add(upload.key[: end + len(delimiter)])
    last = plain[size - 1] if len(plain) > size else None
    content: dict[str, Content] = {
        "Bucket": request.bucket,
        "KeyMarker": encode(marker[0]),
        "UploadIdMarker": marker[1],
        "NextKeyMarker": encode(last.key) if last else None,
        "NextUploadIdMarker": last.upload_id if last else None,
        "Prefix": encode(prefix),
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxUploads": size,
        "EncodingType": query.get("encoding-type"),
        "IsTruncated": last is not None,
        "Upload": [_upload_entry(storage, upload, encode) for upload in plain[:size]],
        "CommonPrefixes": [{"Prefix": encode(name)} for name in sorted(prefixes)],
    }
    return xml_answer("ListMultipartUploadsResult", content)


def _behind_marker(uploads: list[Upload], key: str, upload_id: str) -> list[Upload]:
    if not key:
        return uploads
    ids = [upload.upload_id for upload in uploads]
    if upload_id in ids:
        return uploads[ids.index(upload_id) + 1 :]
    return [upload for upload in uploads if upload.key > key]


def _upload_entry(storage: Storage, upload: Upload, encode: Encode) -> Content:
    owner = storage.owner
    return {
        "Key": encode(upload.key),
        "UploadId": upload.upload_id,
        "Initiator": owner,
        "Owner": owner,
        "StorageClass": upload.storage,
        "Initiated": upload.begun.replace("+00:00", ".000Z"),
        "ChecksumAlgorithm": upload.checksum.get("algorithm"),
        "ChecksumType": upload.checksum.get("type"),
    }


async def _upload(storage: Storage, request: Request) -> Upload:
    storage.buckets.require(request.bucket)
    return await in_thread(storage.uploads.require, request.query["uploadId"], request.bucket, request.key)


def _check_number(number: int) -> None:
    if number > MAX_PARTS:
        raise S3Error(
            "InvalidArgument",
            f"Part number must be an integer between 1 and {MAX_PARTS}, inclusive",
            ArgumentName="partNumber",
        )


def _put_part(storage: Storage, upload: Upload, part: Part, file: NewFile) -> None:
    file.finish()
    storage.uploads.put_part(upload, part, file)


def _copy_part(storage: Storage, headers: Mapping[str, str], upload: Upload, number: int) -> Part:
    opened = open_source(storage, headers)
    with opened.source:
        start, end = 0, opened.note.size
        if text := headers.get(f"{SOURCE}-range"):
            match = _COPY_RANGE.fullmatch(text)
            if not match or not int(match[1]) <= int(match[2]) < opened.note.size:
                raise S3Error(
                    "InvalidArgument",
                    "The x-amz-copy-source-range value must be of the form bytes=first-last where"
                    " first and last are the zero-based offsets of the first and last bytes to copy",
                )
            start, end = int(match[1]), int(match[2]) + 1
        md5, algorithm = hashlib.md5(usedforsecurity=False), upload.checksum.get("algorithm", "")
        hasher = checksums.hasher(algorithm) if algorithm else None
        file = storage.uploads.new_file(upload)
        try:
            while start < end:
                piece = opened.read_at(start, min(end - start, COPY_BYTES))
                start += len(piece)
                file.write(piece)
                md5.update(piece)
                if hasher is not None:
                    hasher.update(piece)
            checksum = (
                {"algorithm": algorithm, "value": checksums.encoded(hasher.digest())}
                if hasher is not None
                else {}
            )
            part = Part(number, file.file.name, file.size, md5.hexdigest(), notes.now(), checksum)
            _put_part(storage, upload, part, file)
            return part
        finally:
            file.discard()


def _complete(
    storage: Storage,
    upload: Upload,
    numbers: list[tuple[int, str]],
    listed: list[ElementTree.Element],
    headers: Mapping[str, str],
    check: Check | None,
) -> Note:
    with storage.uploads.alone(upload.upload_id):
        storage.uploads.require(upload.upload_id, upload.bucket, upload.key)
        parts = wanted_parts(numbers, storage.uploads.parts(upload), MIN_PART_BYTES)
        _check_part_checksums(parts, listed)
        checksum = _checksum_of(upload, parts, headers)
        size = sum(part.size for part in parts)
        if headers.get("x-amz-mp-object-size", str(size)) != str(size):
            raise S3Error(
                "InvalidRequest",
                "The provided 'x-amz-mp-object-size' header does not match what was computed.",
            )
        digests = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in parts), usedforsecurity=False)
        file = storage.objects.new_file()
        try:
            storage.uploads.join(upload, parts, file)
            file.finish()
            note = Note(
                upload.bucket,
                upload.key,
                file.file.name,
                size,
                f"{digests.hexdigest()}-{len(parts)}",
                notes.now(),
                upload.storage,
                upload.metadata,
                upload.tags,
                checksum,
                tuple(part.size for part in parts),
            )
            storage.objects.put(note, file, check)
        finally:
            file.discard()
        storage.uploads.end(upload)
    return note


def _check_part_checksums(parts: list[Part], listed: list[ElementTree.Element]) -> None:
    """What the client says of the parts' checksums is what they were stored with."""
    for part, entry in zip(parts, listed, strict=True):
        sent = entry.findtext(f"Checksum{part.checksum['algorithm']}") if part.checksum else None
        if sent is not None and sent != part.checksum["value"]:
            raise S3Error(
                "InvalidPart", "The checksum of a part is not that of the part.", PartNumber=str(part.number)
            )


def _checksum_of(upload: Upload, parts: list[Part], headers: Mapping[str, str]) -> dict[str, str]:
    """The checksum of the whole, if all parts have one of the upload's algorithm; compared with the client's."""
    algorithm = upload.checksum.get("algorithm")
    if not algorithm or any(part.checksum.get("algorithm") != algorithm for part in parts):
        return {}
    kind = upload.checksum["type"]
    value = checksums.of_parts(algorithm, kind, [(part.checksum["value"], part.size) for part in parts])
    sent = headers.get(checksums.PREFIX + algorithm.lower())
    if sent is not None and sent.partition("-")[0] != value.partition("-")[0]:
        raise checksums.mismatch(algorithm)
    return {"algorithm": algorithm, "value": value, "type": kind}


def _part_checksum(part: Part) -> dict[str, str]:
    return (
        {checksums.PREFIX + part.checksum["algorithm"].lower(): part.checksum["value"]}
        if part.checksum
        else {}
    )


def _elements(part: Part) -> dict[str, Content]:
    return {f"Checksum{part.checksum['algorithm']}": part.checksum["value"]} if part.checksum else {}
