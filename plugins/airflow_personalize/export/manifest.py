"""The manifest of a partition: one object that says which files are the partition, replaced as a whole.

Every export writes its files to a folder of its own (an attempt) and then puts `_manifest.json`. Until that
one request the partition is what it was; after it, what the new manifest names. Retries, clears, backfills
and parallel exports need nothing else: the one that read the database last wins, whichever finishes last. What
was the partition before an export read the database was read earlier, whatever clocks say; they decide between
exports that overlap.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.pagination import list_folders, list_objects

NAME = "_manifest.json"
VERSION = 1


@dataclass(frozen=True)
class DatasetLocation:
    """Where a dataset is kept: `s3://bucket/prefix/dataset/`."""

    bucket: str
    prefix: str
    dataset: str

    @property
    def root(self) -> str:
        """The key prefix of the dataset, with a slash at its end."""
        return f"{self._base}{self.dataset}/"

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.root}"

    @property
    def rejects(self) -> str:
        """The key prefix of the dataset's rejected rows."""
        return f"{self._base}rejected/{self.dataset}/"

    @property
    def snapshots(self) -> str:
        """The key prefix of all runs' snapshots, of every dataset."""
        return f"{self._base}imports/"

    def attempt(self, directory: str, attempt: str) -> str:
        return f"{self.root}{directory}/{attempt}/"

    def rejected(self, directory: str, attempt: str) -> str:
        return f"{self.rejects}{directory}/{attempt}/"

    def manifest(self, directory: str) -> str:
        return f"{self.root}{directory}/{NAME}"

    def imports(self, run: str, fingerprint: str) -> str:
        return f"{self.snapshots}{run}/{self.dataset}/{fingerprint}/"

    @property
    def _base(self) -> str:
        prefix = self.prefix.strip("/")
        return f"{prefix}/" if prefix else ""


@dataclass(frozen=True)
class Manifest:
    """What a partition is.

    :param read_at: when the database was read (UTC, ISO), by the clock of the export's machine
    :param files: key, rows and bytes of each file
    :param users: how many users have two interactions (counted up to the service's minimum), and for small
        partitions how often each user occurs, by a hash of the id
        (`airflow_personalize.export.statistics.training_minimum`)
    :param event_types: the distinct ones, which the service limits together with the metadata columns
    :param row_ids: keys of the objects with the rows' ids (`airflow_personalize.export.statistics.row_ids`)
    :param profile: key of the object with its profile (`airflow_personalize.export.statistics.profile`); None for a
        partition of an earlier version
    """

    dataset: str
    key: str
    directory: str
    attempt: str
    read_at: str
    schema_hash: str
    rows: int
    bytes: int
    content_hash: str
    files: Sequence[Mapping[str, Any]]
    start: str | None = None
    end: str | None = None
    min_timestamp: int | None = None
    max_timestamp: int | None = None
    users: Mapping[str, Any] = field(default_factory=dict)
    event_types: Sequence[str] = ()
    metadata_columns: int = 0
    row_ids: Sequence[str] = ()
    profile: str | None = None
    version: int = VERSION


def new_attempt(now: datetime | None = None) -> str:
    """A name that no other export has, sorting by time."""
    return f"{(now or datetime.now(UTC)).strftime('%Y%m%dT%H%M%SZ')}-{secrets.token_hex(4)}"


def commit(client: Any, location: DatasetLocation, manifest: Manifest, replaces: str | None = None) -> bool:
    """Make the manifest the partition.

    :param replaces: the attempt that was the partition before the database was read, which holds no longer even if
        it was read later by its machine's clock
    :return: False when the partition holds an export that overlaps with this one and read the database later
    """
    body = json.dumps(asdict(manifest), indent=1).encode()
    for _ in range(20):
        current, etag = _read(client, location, manifest.directory)
        if current is not None and current.attempt != replaces and current.read_at > manifest.read_at:
            return False
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            client.put_object(
                Bucket=location.bucket,
                Key=location.manifest(manifest.directory),
                Body=body,
                ContentType="application/json",
                **condition,
            )
            return True
        except ClientError as error:
            if error.response["Error"]["Code"] not in {
                "PreconditionFailed",
                "ConditionalRequestConflict",
                "NoSuchKey",
            }:
                raise
    raise ExportError(
        f"s3://{location.bucket}/{location.manifest(manifest.directory)} keeps changing under this export: "
        "some other task exports the same partition again and again"
    )


def read(client: Any, location: DatasetLocation, directory: str) -> Manifest | None:
    """The partition's manifest, None when no export of it ever finished."""
    return _read(client, location, directory)[0]


def directories(client: Any, location: DatasetLocation) -> list[str]:
    """Every folder of the dataset, finished partitions and others, sorted."""
    return list_folders(client, location.bucket, location.root)


def finished(client: Any, location: DatasetLocation) -> list[str]:
    """The folders of finished partitions, sorted."""
    objects = list_objects(client, location.bucket, location.root)
    keys = (entry["Key"].removeprefix(location.root) for entry in objects)
    return sorted(key.removesuffix(f"/{NAME}") for key in keys if key.endswith(f"/{NAME}"))


def days(folders: Iterable[str]) -> list[str]:
    """The keys of the folders of days, YYYY-MM-DD."""
    return [folder.removeprefix("dt=") for folder in folders if folder.startswith("dt=")]


def _read(client: Any, location: DatasetLocation, directory: str) -> tuple[Manifest | None, str | None]:
    key = location.manifest(directory)
    try:
        answer = client.get_object(Bucket=location.bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
            return None, None
        raise
    document = json.loads(answer["Body"].read())
    if document.get("version") != VERSION:
        raise ExportError(
            f"s3://{location.bucket}/{key} has version {document.get('version')}, this code knows {VERSION}: "
            "export the partition again, or use the code that wrote it"
        )
    return Manifest(**document), answer["ETag"]
