"""Conditional requests: If-Match and its kin, for reads, writes and the sources of copies.

Source: "Conditional requests" of the S3 user guide, and RFC 9110 for which of them comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from localpersonalize.aws.s3.errors import S3Error, no_such_key, not_implemented
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import Check


def check_read(headers: Mapping[str, str], note: Note, prefix: str = "") -> None:
    """
    :param prefix: `x-amz-copy-source-` for the source of a copy, which is never answered with 304.
    :raises S3Error: PreconditionFailed or NotModified.
    """
    match, none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    since = _date(headers.get(f"{prefix}if-modified-since"))
    unmodified = _date(headers.get(f"{prefix}if-unmodified-since"))
    if match is not None:
        if not _names(match, note.etag):
            raise _failed("If-Match")
    elif unmodified is not None and note.modified_at > unmodified:
        raise _failed("If-Unmodified-Since")
    if none_match is not None:
        unchanged = _names(none_match, note.etag)
    else:
        unchanged = since is not None and note.modified_at <= since
    if unchanged:
        if prefix:
            raise _failed("If-None-Match")
        raise S3Error("NotModified", "Not Modified")


def check_of_write(headers: Mapping[str, str], key: str) -> Check | None:
    """What must hold of the object that is replaced, asked when nobody else can change it."""
    match, none_match = headers.get("if-match"), headers.get("if-none-match")
    if match is None and none_match is None:
        return None
    if none_match is not None and none_match.strip() != "*":
        raise not_implemented("If-None-Match of a write with anything but *")

    def check(before: Note | None) -> None:
        if none_match is not None and before is not None:
            raise _failed("If-None-Match")
        if match is not None and before is None:
            raise no_such_key(key)
        if match is not None and before is not None and not _names(match, before.etag):
            raise _failed("If-Match")

    return check


def _names(listed: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/").strip('"') for tag in listed.split(",")]
    return "*" in tags or etag in tags


def _date(text: str | None) -> datetime | None:
    """A date of HTTP; one that is none is not a condition."""
    if text is None:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _failed(condition: str) -> S3Error:
    return S3Error(
        "PreconditionFailed",
        "At least one of the pre-conditions you specified did not hold",
        Condition=condition,
    )
