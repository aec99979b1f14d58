"""Buckets: one small file each, with whatever is set on it."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from localpersonalize.aws.s3.errors import S3Error, no_such_bucket
from localpersonalize.aws.s3.notes import now
from localpersonalize.disk.sealed import seal, unseal
from localpersonalize.private_files import flush_folder, make_private_folder, replace_file

log = logging.getLogger(__name__)

# "Bucket naming rules" of the S3 user guide.
_NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", "--x-s3", ".mrap")


@dataclass(frozen=True)
class Bucket:
    """A bucket. `documents`: what was put under a sub-resource (`policy`, `tagging`, ...), as it was put."""

    name: str
    created: str
    region: str
    documents: Mapping[str, str] = field(default_factory=dict)


class Buckets:
    """All buckets of the account; changes are on disk when a call returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        make_private_folder(folder)
        for file in sorted(folder.glob("*.json")):
            try:
                bucket = Bucket(**unseal(file.read_bytes()))
            except (ValueError, TypeError) as error:
                log.error("bucket %s can't be served: %s is damaged (%s)", file.stem, file, error)
                # Its objects are there still: a bucket without its policy is better than none.
                bucket = Bucket(file.stem, now(), "")
            self._buckets[file.stem] = bucket

    def has(self, name: str) -> bool:
        return name in self._buckets

    def all(self) -> list[Bucket]:
        """By name."""
        return [self._buckets[name] for name in sorted(self._buckets)]

    def require(self, name: str) -> Bucket:
        """
        :raises S3Error: NoSuchBucket.
        """
        bucket = self._buckets.get(name)
        if bucket is None:
            raise no_such_bucket(name)
        return bucket

    def create(self, name: str, region: str, **more: Any) -> Bucket:
        """
        :raises S3Error: InvalidBucketName; BucketAlreadyOwnedByYou, except in us-east-1, where S3 has it so.
        """
        if not is_bucket_name(name):
            raise S3Error("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
        with self._lock:
            if name in self._buckets:
                if region == "us-east-1":
                    return self._buckets[name]
                raise S3Error(
                    "BucketAlreadyOwnedByYou",
                    "Your previous request to create the named bucket succeeded and you already own it.",
                    BucketName=name,
                )
            return self._store(Bucket(name, now(), region, **more))

    def adopt(self, name: str, region: str) -> None:
        """Have a bucket whose file is missing, though there are objects in it: without what was set on it."""
        file = self.folder / f"{name}.json"
        log.error("%s is missing, though the bucket has objects: it has no policy any more", file)
        with self._lock:
            self._store(Bucket(name, now(), region))

    def delete(self, name: str) -> None:
        """Delete a bucket; the caller has made sure that it is empty, and stays so."""
        with self._lock:
            self.require(name)
            (self.folder / f"{name}.json").unlink(missing_ok=True)
            flush_folder(self.folder)
            del self._buckets[name]

    def set(self, name: str, document: str, content: str | None) -> None:
        """Put, or with None remove, what is set under a sub-resource.

        :raises S3Error: NoSuchBucket.
        """
        with self._lock:
            bucket = self.require(name)
            documents = {entry: text for entry, text in bucket.documents.items() if entry != document}
            if content is not None:
                documents[document] = content
            self._store(replace(bucket, documents=documents))

    def _store(self, bucket: Bucket) -> Bucket:
        content = {
            "name": bucket.name,
            "created": bucket.created,
            "region": bucket.region,
            "documents": dict(bucket.documents),
        }
        replace_file(self.folder / f"{bucket.name}.json", seal(content))
        self._buckets[bucket.name] = bucket
        return bucket


def is_bucket_name(name: str) -> bool:
    """Whether a bucket may have this name."""
    return bool(_NAME.fullmatch(name)) and not name.endswith(_RESERVED_ENDS)
