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
from airflow_personalize.export import profiles
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
    """What an import will read. `fingerprint` identifies the content: equal fingerprints, equal rows.

    :param profile: key of the profile of all its rows; None where no partition has one
    """

    location: str
    fingerprint: str
    manifests: Sequence[Manifest]
    gaps: Sequence[str] = ()
    unfinished: Sequence[str] = ()
    shortfall: str | None = None
    duplicates: Duplicates | None = None
    profile: str | None = None

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
            "profile": self.profile,
        }


def create_snapshot(
    client: Any,
    location: DatasetLocation,
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
        partitions, unfinished = _read_all(client, location, keys)
        _check(location, partitions)
        identity = fingerprint(partitions)
        target = location.imports(run, identity)
        progress(
            f"{len(partitions)} partitions, {sum(m.rows for m in partitions):,} rows -> s3://{location.bucket}/{target}"
        )
        try:
            _copy(client, location, partitions, target)
            duplicates = find_duplicates(client, location.bucket, partitions)
            profile = _profile(client, location, partitions, target)
        except ClientError as error:
            # An export replaced a partition and its old files were cleaned up before they were copied.
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"} or not remaining:
                raise
            continue
        lacking = shortfall(sum(m.rows for m in partitions), [m.users for m in partitions])
        return Snapshot(
            f"s3://{location.bucket}/{target}",
            identity,
            partitions,
            gaps_of(partitions),
            unfinished,
            lacking if location.dataset == "interactions" else None,
            duplicates,
            profile,
        )
    raise AssertionError("unreachable")


def fingerprint(partitions: Sequence[Manifest]) -> str:
    """16 hex digits of the content: partitions, their rows and their hashes."""
    lines = [f"{m.key} {m.schema_hash} {m.rows} {m.bytes} {m.content_hash}" for m in partitions]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def gaps_of(partitions: Sequence[Manifest]) -> list[str]:
    """The intervals between partitions that nothing was exported for."""
    dated = sorted((m for m in partitions if m.start and m.end), key=lambda m: str(m.start))
    return [
        f"{before.end} to {after.start}"
        for before, after in itertools.pairwise(dated)
        if str(before.end) < str(after.start)
    ]


def _read_all(
    client: Any, location: DatasetLocation, keys: Sequence[str] | None
) -> tuple[list[Manifest], list[str]]:
    wanted = (
        manifests.directories(client, location)
        if keys is None
        else sorted({Partition(key).directory for key in keys})
    )
    with ThreadPoolExecutor(_THREADS) as pool:
        read = list(pool.map(lambda directory: manifests.read(client, location, directory), wanted))
    unfinished = [directory for directory, manifest in zip(wanted, read, strict=True) if manifest is None]
    if keys is not None and unfinished:
        raise SnapshotError(
            f"{location.uri}: no export finished of {', '.join(unfinished)}. Export them first"
        )
    return [manifest for manifest in read if manifest is not None], unfinished


def _check(location: DatasetLocation, partitions: Sequence[Manifest]) -> None:
    if not partitions or not any(manifest.files for manifest in partitions):
        raise SnapshotError(f"{location.uri} holds no exported rows. Run the export (or backfill it) first")
    hashes = {manifest.schema_hash for manifest in partitions}
    if len(hashes) > 1:
        newest = max(partitions, key=lambda manifest: manifest.read_at).schema_hash
        others = [manifest.key for manifest in partitions if manifest.schema_hash != newest]
        raise SnapshotError(
            f"{location.uri}: partitions {', '.join(others)} were exported under another schema than the newest "
            f"({newest}). Backfill them, so that all files have the same columns"
        )
    if len(partitions) > 1 and any(manifest.directory == FULL for manifest in partitions):
        raise SnapshotError(
            f"{location.uri} holds a partition of the whole table beside others. Remove those not in use"
        )
    kinds = sorted({kind for manifest in partitions for kind in manifest.event_types})
    event_types.check(
        location.dataset, f"all {len(partitions)} partitions", kinds, partitions[0].metadata_columns
    )
    dated = sorted(
        (manifest for manifest in partitions if manifest.start and manifest.end),
        key=lambda manifest: str(manifest.start),
    )
    for before, after in itertools.pairwise(dated):
        if str(before.end) > str(after.start):
            raise SnapshotError(
                f"{location.uri}: partitions {before.key} and {after.key} overlap, their rows would be imported "
                "twice. Remove the one that is not in use"
            )


def _profile(
    client: Any, location: DatasetLocation, partitions: Sequence[Manifest], target: str
) -> str | None:
    """The profile of all partitions, put beside the folder that an import reads, and not into it."""
    whole = profiles.read(client, location.bucket, [manifest.profile for manifest in partitions])
    return (
        profiles.put(client, location.bucket, f"{target.rstrip('/')}-profile.json", whole) if whole else None
    )


def _copy(client: Any, location: DatasetLocation, partitions: Sequence[Manifest], target: str) -> None:
    jobs = []
    for manifest in partitions:
        for number, file in enumerate(manifest.files):
            jobs.append((file["key"], f"{target}{manifest.directory.replace('=', '-')}-{number:05d}.csv"))

    def copy(job: tuple[str, str]) -> None:
        source = {"Bucket": location.bucket, "Key": job[0]}
        client.copy_object(Bucket=location.bucket, Key=job[1], CopySource=source)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(copy, jobs))
