"""ListObjects, ListObjectsV2 and ListObjectVersions: keys in the order of their bytes, in pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import quote

from localpersonalize.aws.s3 import checksums
from localpersonalize.aws.s3.body import in_thread
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.index import Entry
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.requests import Answer, Request, xml_answer
from localpersonalize.aws.s3.storage import Storage
from localpersonalize.aws.s3.xml import Content

MAX_KEYS = 1000
_TOKEN_START = "v1:"
Encode = Callable[[str], str]


async def list_objects(storage: Storage, request: Request) -> Answer:
    marker = request.query.get("marker", "")
    entries, more, shared, encode = await _page(storage, request, marker)
    delimiter = request.query.get("delimiter", "")
    content: dict[str, Content] = {
        **shared,
        "Marker": encode(marker),
        "NextMarker": encode(entries[-1].key) if more and delimiter and entries else None,
        **_lists(storage, entries, encode, with_owner=True),
    }
    return xml_answer("ListBucketResult", content)


async def list_objects_v2(storage: Storage, request: Request) -> Answer:
    start, token = request.query.get("start-after", ""), request.query.get("continuation-token")
    after = start if token is None else _after(token)
    entries, more, shared, encode = await _page(storage, request, after)
    content: dict[str, Content] = {
        **shared,
        "KeyCount": len(entries),
        "ContinuationToken": token,
        "NextContinuationToken": _token(entries[-1].key) if more and entries else None,
        "StartAfter": encode(start) if start else None,
        **_lists(storage, entries, encode, request.query.get("fetch-owner") == "true"),
    }
    return xml_answer("ListBucketResult", content)


async def list_object_versions(storage: Storage, request: Request) -> Answer:
    """The one version of each object, as a bucket without versioning shows it."""
    marker = request.query.get("key-marker", "")
    entries, more, shared, encode = await _page(storage, request, marker)
    lists = _lists(storage, entries, encode, with_owner=True)
    versions = [{**entry, "VersionId": "null", "IsLatest": "true"} for entry in lists.pop("Contents")]
    content: dict[str, Content] = {
        **shared,
        "KeyMarker": encode(marker),
        "NextKeyMarker": encode(entries[-1].key) if more and entries else None,
        "NextVersionIdMarker": "null" if more and entries else None,
        "Version": versions,
        **lists,
    }
    return xml_answer("ListVersionsResult", content)


async def _page(
    storage: Storage, request: Request, after: str
) -> tuple[list[Entry], bool, dict[str, Content], Encode]:
    storage.buckets.require(request.bucket)
    prefix, delimiter = request.query.get("prefix", ""), request.query.get("delimiter", "")
    size = request.number("max-keys", MAX_KEYS, 0, MAX_KEYS)
    encode = _encoder(request)
    entries: list[Entry] = []
    more = False
    if size:
        entries, more = await in_thread(
            storage.objects.index.page, request.bucket, prefix, delimiter, after, size
        )
    shared: dict[str, Content] = {
        "Name": request.bucket,
        "Prefix": encode(prefix),
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxKeys": size,
        "EncodingType": request.query.get("encoding-type"),
        "IsTruncated": more,
    }
    return entries, more, shared, encode


def _lists(
    storage: Storage, entries: list[Entry], encode: Encode, with_owner: bool
) -> dict[str, list[dict[str, Content]]]:
    owner = storage.owner if with_owner else None
    return {
        "Contents": [_contents(entry.note, encode, owner) for entry in entries if entry.note is not None],
        "CommonPrefixes": [{"Prefix": encode(entry.key)} for entry in entries if entry.note is None],
    }


def _contents(note: Note, encode: Encode, owner: Content) -> dict[str, Content]:
    checksum = note.checksum
    return {
        "Key": encode(note.key),
        "LastModified": note.modified_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "ETag": f'"{note.etag}"',
        "ChecksumAlgorithm": checksum.get("algorithm"),
        "ChecksumType": checksum.get("type", checksums.FULL_OBJECT) if checksum else None,
        "Size": note.size,
        "Owner": owner,
        "StorageClass": note.storage,
    }


def _encoder(request: Request) -> Encode:
    encoding = request.query.get("encoding-type")
    if encoding not in (None, "url"):
        raise S3Error("InvalidArgument", "Invalid Encoding Method specified in Request")
    return (lambda text: quote(text, safe="/-_.~*")) if encoding else str


def _token(key: str) -> str:
    return base64.urlsafe_b64encode((_TOKEN_START + key).encode()).decode()


def _after(token: str) -> str:
    """
    :raises S3Error: InvalidArgument, if no list gave out the token.
    """
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith(_TOKEN_START):
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect")
    return text.removeprefix(_TOKEN_START)
