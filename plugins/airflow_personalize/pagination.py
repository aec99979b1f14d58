"""Lists that come in pages: resources of the service, objects in S3."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def list_all(client: Any, operation: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    """The entries of a list operation that can be paged, e.g. ``list_solutions``, page after page."""
    for page in client.get_paginator(operation).paginate(**arguments):
        for value in page.values():
            if isinstance(value, list):
                yield from value


def find_by(
    client: Any,
    operation: str,
    *,
    name: str | None = None,
    matches: Callable[[dict[str, Any]], bool] | None = None,
    **arguments: Any,
) -> dict[str, Any] | None:
    """The first entry of a list operation that has the name, or that `matches`; None if there is none."""
    matches = matches or (lambda entry: entry.get("name") == name)
    return next((entry for entry in list_all(client, operation, **arguments) if matches(entry)), None)


def list_objects(client: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    """What S3 says of each object below a key prefix, in the order of the keys."""
    return list_all(client, "list_objects_v2", Bucket=bucket, Prefix=prefix)


def list_folders(client: Any, bucket: str, prefix: str) -> list[str]:
    """The names of the folders right below a key prefix that ends in a slash, sorted."""
    entries = list_all(client, "list_objects_v2", Bucket=bucket, Prefix=prefix, Delimiter="/")
    return sorted(entry["Prefix"][len(prefix) : -1] for entry in entries if "Prefix" in entry)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket, and key or key prefix, of an ``s3://`` location."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
