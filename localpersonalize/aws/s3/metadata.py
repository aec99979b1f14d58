"""The headers that an object is put with and answered with, and its tags."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import format_datetime
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from localpersonalize.aws.s3 import checksums
from localpersonalize.aws.s3.errors import S3Error, not_implemented
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.xml import Content, text_of

SYSTEM_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-website-redirect-location",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
)
USER = "x-amz-meta-"
MAX_USER_BYTES = 2048
STORAGE_CLASSES = (
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "GLACIER_IR",
)
MAX_TAGS = 10
OWN_ACLS = ("private", "bucket-owner-full-control", "bucket-owner-read")
_UNSUPPORTED = {
    "x-amz-server-side-encryption-customer-algorithm": "Encryption with customer-provided keys",
    "x-amz-object-lock-mode": "Object lock",
    "x-amz-object-lock-retain-until-date": "Object lock",
    "x-amz-object-lock-legal-hold": "Object lock",
    "x-amz-write-offset-bytes": "Appending to an object",
}


def of_request(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a request that its object keeps.

    :raises S3Error: MetadataTooLarge; NotImplemented or AccessControlListNotSupported, for what has no effect here.
    """
    for name, what in _UNSUPPORTED.items():
        if name in headers:
            raise not_implemented(what)
    if headers.get("x-amz-acl", "private") not in OWN_ACLS or any("x-amz-grant-" in name for name in headers):
        raise S3Error("AccessControlListNotSupported", "The bucket does not allow ACLs")
    system = {name: headers[name] for name in SYSTEM_HEADERS if name in headers}
    encodings = [
        part.strip()
        for part in system.pop("content-encoding", "").split(",")
        if part.strip() not in ("", "aws-chunked")
    ]
    if encodings:
        system["content-encoding"] = ",".join(encodings)
    users = {name: value for name, value in headers.items() if name.startswith(USER)}
    size = sum(len(name) - len(USER) + len(value.encode()) for name, value in users.items())
    if size > MAX_USER_BYTES:
        raise S3Error(
            "MetadataTooLarge",
            "Your metadata headers exceed the maximum allowed metadata size",
            Size=str(size),
            MaxSizeAllowed=str(MAX_USER_BYTES),
        )
    return {**system, **users}


def storage_class(headers: Mapping[str, str]) -> str:
    """
    :raises S3Error: InvalidStorageClass.
    """
    name = headers.get("x-amz-storage-class", "STANDARD")
    if name not in STORAGE_CLASSES:
        raise S3Error("InvalidStorageClass", "The storage class you specified is not valid")
    return name


def of_answer(note: Note, query: Mapping[str, str], with_checksum: bool) -> dict[str, str]:
    """The headers of an answer that shows an object."""
    headers = {"content-type": "binary/octet-stream", **note.metadata}
    for name in SYSTEM_HEADERS[:6]:  # a presigned URL may say how a browser is to take it
        if value := query.get(f"response-{name}"):
            headers[name] = value
    headers |= {
        "etag": f'"{note.etag}"',
        "last-modified": format_datetime(note.modified_at, usegmt=True),
        "accept-ranges": "bytes",
    }
    if note.storage != "STANDARD":
        headers["x-amz-storage-class"] = note.storage
    if note.tags:
        headers["x-amz-tagging-count"] = str(len(note.tags))
    if with_checksum:
        headers |= checksum_headers(note.checksum)
    return headers


def checksum_headers(checksum: Mapping[str, str]) -> dict[str, str]:
    if not checksum:
        return {}
    return {
        checksums.PREFIX + checksum["algorithm"].lower(): checksum["value"],
        f"{checksums.PREFIX}type": checksum.get("type", checksums.FULL_OBJECT),
    }


def checksum_elements(checksum: Mapping[str, str]) -> dict[str, Content]:
    if not checksum:
        return {}
    return {
        f"Checksum{checksum['algorithm']}": checksum["value"],
        "ChecksumType": checksum.get("type", checksums.FULL_OBJECT),
    }


def tags_of_header(headers: Mapping[str, str]) -> dict[str, str]:
    """
    :raises S3Error: InvalidTag.
    """
    return _checked_tags(parse_qsl(headers.get("x-amz-tagging", ""), keep_blank_values=True))


def tags_of_document(root: ElementTree.Element, most: int = MAX_TAGS) -> dict[str, str]:
    """
    :raises S3Error: MalformedXML or InvalidTag.
    """
    tag_set = root.find("TagSet")
    if tag_set is None:
        raise S3Error("MalformedXML", "The tagging document has no TagSet.")
    return _checked_tags([(text_of(tag, "Key"), text_of(tag, "Value")) for tag in tag_set], most)


def tag_set(tags: Mapping[str, str]) -> Content:
    return {"TagSet": {"Tag": [{"Key": key, "Value": value} for key, value in tags.items()]}}


def _checked_tags(pairs: list[tuple[str, str]], most: int = MAX_TAGS) -> dict[str, str]:
    tags = dict(pairs)
    if len(pairs) > most:
        raise S3Error("BadRequest", f"Object tags cannot be greater than {most}", 400)
    if len(tags) != len(pairs):
        raise S3Error("InvalidTag", "Cannot provide multiple Tags with the same key")
    for key, value in pairs:
        if not 0 < len(key) <= 128 or len(value) > 256 or key.lower().startswith("aws:"):
            raise S3Error(
                "InvalidTag", "The TagKey or TagValue you have provided is invalid", TagKey=key[:128]
            )
    return tags
