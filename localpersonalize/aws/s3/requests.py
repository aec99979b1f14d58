"""What a request to S3 asks for: method, bucket, key, query and headers; and what is answered."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_to_bytes

from localpersonalize.aws.s3.body import Body
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.xml import Content, document

MAX_KEY_BYTES = 1024
_BUCKET_IN_HOST = re.compile(r"(?P<bucket>.+?)\.(?:localhost$|s3[.-]|localpersonalize$)")
XML = "application/xml"


@dataclass(frozen=True)
class Target:
    """Bucket and key of a request, both empty for the account. `resource`: its path with the bucket in it."""

    bucket: str
    key: str
    resource: str


@dataclass(frozen=True)
class Request:
    """One request whose signature holds."""

    method: str
    target: Target
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Body

    @property
    def bucket(self) -> str:
        return self.target.bucket

    @property
    def key(self) -> str:
        return self.target.key

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number of the query.

        :raises S3Error: InvalidArgument.
        """
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text)):
            raise S3Error(
                "InvalidArgument",
                f"Provided {name} not an integer or within integer range",
                ArgumentName=name,
                ArgumentValue=text[:100],
            )
        return min(int(text), most)


@dataclass(frozen=True)
class Answer:
    """What is sent back; `stream` gives bodies that are not held whole, and must say their length in `headers`."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: AsyncIterator[bytes] | None = None


def xml_answer(name: str, content: Content, **headers: str) -> Answer:
    """An answer that is a document of S3."""
    return Answer(200, {"content-type": XML, **headers}, document(name, content))


def target_of(path: str, host: str) -> Target:
    """
    :param path: as it was sent.
    :raises S3Error: InvalidURI or KeyTooLongError.
    """
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        raise S3Error("InvalidURI", "Couldn't parse the specified URI: it is not UTF-8.") from None
    bucket = _bucket_in(host)
    if bucket:
        key, resource = decoded.removeprefix("/"), f"/{bucket}{path}"
    else:
        bucket, _, key = decoded.removeprefix("/").partition("/")
        resource = path
    if len(key.encode()) > MAX_KEY_BYTES:
        raise S3Error("KeyTooLongError", "Your key is too long", Size=str(len(key)), MaxSizeAllowed="1024")
    return Target(bucket, key, resource)


def query_of(text: str) -> dict[str, str]:
    """
    :raises S3Error: InvalidURI.
    """
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict"))
    except UnicodeDecodeError:
        raise S3Error("InvalidURI", "Couldn't parse the specified URI: it is not UTF-8.") from None


def _bucket_in(host: str) -> str:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    try:
        ipaddress.ip_address(name.strip("[]"))
        return ""
    except ValueError:
        match = _BUCKET_IN_HOST.match(name)
        return match["bucket"] if match else ""
