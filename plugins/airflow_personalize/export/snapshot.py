"""A snapshot: the files of a consistent set of partitions, copied to one prefix that an import reads.

The manifests are read once, then exactly the files that they name are copied on the server. Exports that go
on meanwhile change manifests and other folders, never what was copied. The prefix ends in the fingerprint of
the content, so the same content is the same place, and a retry can only find its own files there.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.manifest import DatasetLocation, Manifest
from airflow_personalize.export.partitions import FULL, Partition
from airflow_personalize.export.statistics.row_ids import Duplicates, find_duplicates
from airflow_personalize.export.statistics.training_minimum import shortfall
from airflow_personalize.export.validation import event_types

_THREADS = 8
_ATTEMPTS = 3


class SnapshotError(ExportError):
    """The partitions together are nothing that an import should read."""


@dataclass(frozen=True)
class Snapshot:
    """What an import will read. `fingerprint` identifies the content: equal fingerprints, equal rows."""

    location: str
    fingerprint: str
    manifests: Sequence[Manifest]
    gaps: Sequence[str] = ()
    unfinished: Sequence[str] = ()
    shortfall: str | None = None
    duplicates: Duplicates | None = None

    def to_dict(self) -> dict[str, Any]:
        instants = [m.min_timestamp for m in self.manifests], [m.max_timestamp for m in self.manifests]
        low, high = ([value for value in values if value is not None] for values in instants)
        return {
            "location": self.location,
            "fingerprint": self.fingerprint,
            "rows": sum(m.rows for m in self.manifests),
            "bytes": sum(m.bytes for m in self.manifests),
            "files": sum(len(m.files) for m in self.manifests),
            "min_timestamp": min(low, default=None),
            "max_timestamp": max(high, default=None),
            "partitions": [
                {"key": m.key, "rows": m.rows, "content_hash": m.content_hash, "attempt": m.attempt}
                for m in self.manifests
            ],
            "gaps": list(self.gaps),
            "unfinished": list(self.unfinished),
            "shortfall": self.shortfall,
            "duplicates": self.duplicates.to_dict() if self.duplicates else None,
        }


def create_snapshot(
    client: Any,
    place: DatasetLocation,
    run: str,
    *,
    keys: Sequence[str] | None = None,
    progress: Callable[[str], None] = lambda message: None,
) -> Snapshot:
    """Copy the current files of the partitions (all of the dataset, or those with these keys) to one prefix.

    :param run: names the folder below `imports/`; the run that will import
    :raises SnapshotError: nothing to import, partitions that overlap or were exported under different
        schemas, or a wanted one is missing
    :raises TooManyEventTypesError: all partitions together hold more than the service takes
    """
    for remaining in reversed(range(_ATTEMPTS)):
        found, unfinished = _read_all(client, place, keys)
        _check(place, found)
        identity = fingerprint(found)
        target = place.imports(run, identity)
        progress(
            f"{len(found)} partitions, {sum(m.rows for m in found):,} rows -> s3://{place.bucket}/{target}"
        )
        try:
            _copy(client, place, found, target)
            duplicates = find_duplicates(client, place.bucket, found)
        except ClientError as error:
            # An export replaced a partition and its old files were cleaned up before they were copied.
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"} or not remaining:
                raise
            continue
        lacking = shortfall(sum(m.rows for m in found), [m.users for m in found])
        return Snapshot(
            f"s3://{place.bucket}/{target}",
            identity,
            found,
            gaps_of(found),
            unfinished,
            lacking if place.dataset == "interactions" else None,
            duplicates,
        )
    raise AssertionError("unreachable")


def fingerprint(found: Sequence[Manifest]) -> str:
    """16 hex digits of the content: partitions, their rows and their hashes."""
    lines = [f"{m.key} {m.schema_hash} {m.rows} {m.bytes} {m.content_hash}" for m in found]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def gaps_of(found: Sequence[Manifest]) -> list[str]:
    """The intervals between partitions that nothing was exported for."""
    dated = sorted((m for m in found if m.start and m.end), key=lambda m: str(m.start))
    return [
        f"{before.end} to {after.start}"
        for before, after in itertools.pairwise(dated)
        if str(before.end) < str(after.start)
    ]


def _read_all(
    client: Any, place: DatasetLocation, keys: Sequence[str] | None
) -> tuple[list[Manifest], list[str]]:
    wanted = (
        manifests.directories(client, place)
        if keys is None
        else sorted({Partition(key).directory for key in keys})
    )
    with ThreadPoolExecutor(_THREADS) as pool:
        read = list(pool.map(lambda directory: manifests.read(client, place, directory), wanted))
    unfinished = [directory for directory, manifest in zip(wanted, read, strict=True) if manifest is None]
    if keys is not None and unfinished:
        raise SnapshotError(f"{place.uri}: no export finished of {', '.join(unfinished)}. Export them first")
    return [manifest for manifest in read if manifest is not None], unfinished


def _check(place: DatasetLocation, found: Sequence[Manifest]) -> None:
    if not found or not any(manifest.files for manifest in found):
        raise SnapshotError(f"{place.uri} holds no exported rows. Run the export (or backfill it) first")
    hashes = {manifest.schema_hash for manifest in found}
    if len(hashes) > 1:
        newest = max(found, key=lambda manifest: manifest.read_at).schema_hash
        others = [manifest.key for manifest in found if manifest.schema_hash != newest]
        raise SnapshotError(
            f"{place.uri}: partitions {', '.join(others)} were exported under another schema than the newest "
            f"({newest}). Backfill them, so that all files have the same columns"
        )
    if len(found) > 1 and any(manifest.directory == FULL for manifest in found):
        raise SnapshotError(
            f"{place.uri} holds a partition of the whole table beside others. Remove those not in use"
        )
    kinds = sorted({kind for manifest in found for kind in manifest.event_types})
    event_types.check(place.dataset, f"all {len(found)} partitions", kinds, found[0].metadata_columns)
    dated = sorted(
        (manifest for manifest in found if manifest.start and manifest.end),
        key=lambda manifest: str(manifest.start),
    )
    for before, after in itertools.pairwise(dated):
        if str(before.end) > str(after.start):
            raise SnapshotError(
                f"{place.uri}: partitions {before.key} and {after.key} overlap, their rows would be imported "
                "twice. Remove the one that is not in use"
            )


def _copy(client: Any, place: DatasetLocation, found: Sequence[Manifest], target: str) -> None:
    jobs = []
    for manifest in found:
        for number, file in enumerate(manifest.files):
            jobs.append((file["key"], f"{target}{manifest.directory.replace('=', '-')}-{number:05d}.csv"))

    def copy(job: tuple[str, str]) -> None:
        source = {"Bucket": place.bucket, "Key": job[0]}
        client.copy_object(Bucket=place.bucket, Key=job[1], CopySource=source)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(copy, jobs))
