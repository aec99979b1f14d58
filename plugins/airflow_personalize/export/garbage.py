"""What exports leave behind: files of replaced or killed attempts, unfinished uploads, old snapshots and rejects.

Nothing that a manifest names is garbage, and nothing younger than the given age: an export may be writing it,
an import may be reading it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.manifest import NAME, DatasetLocation
from airflow_personalize.pagination import list_all, list_objects


@dataclass(frozen=True)
class Garbage:
    """Keys of objects, and (key, upload id) of unfinished multipart uploads."""

    keys: Sequence[str] = ()
    bytes: int = 0
    uploads: Sequence[tuple[str, str]] = field(default=())


def find(client: Any, place: DatasetLocation, before: datetime) -> Garbage:
    """Everything of the dataset that is of no use any more and was last written before an instant (with zone)."""
    named = {
        file["key"]
        for directory in manifests.directories(client, place)
        if (current := manifests.read(client, place, directory)) is not None
        for file in current.files
    }
    found = [
        (each["Key"], each["Size"])
        for prefix in (place.root, place.rejects)
        for each in list_objects(client, place.bucket, prefix)
        if each["LastModified"] < before and each["Key"] not in named and not each["Key"].endswith(f"/{NAME}")
    ]
    found += [
        (each["Key"], each["Size"])
        for each in list_objects(client, place.bucket, place.snapshots)
        if each["LastModified"] < before and f"/{place.dataset}/" in each["Key"][len(place.snapshots) - 1 :]
    ]
    uploads = [
        (each["Key"], each["UploadId"]) for each in _uploads(client, place) if each["Initiated"] < before
    ]
    return Garbage([key for key, _ in found], sum(size for _, size in found), uploads)


def remove(client: Any, place: DatasetLocation, garbage: Garbage) -> None:
    """Delete it, a thousand objects a request."""
    for start in range(0, len(garbage.keys), 1_000):
        objects = [{"Key": key} for key in garbage.keys[start : start + 1_000]]
        client.delete_objects(Bucket=place.bucket, Delete={"Objects": objects, "Quiet": True})
    for key, upload in garbage.uploads:
        client.abort_multipart_upload(Bucket=place.bucket, Key=key, UploadId=upload)


def _uploads(client: Any, place: DatasetLocation) -> Iterator[dict[str, Any]]:
    return list_all(client, "list_multipart_uploads", Bucket=place.bucket, Prefix=place.root)
