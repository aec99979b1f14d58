"""The account's S3 on disk: buckets, objects and unfinished uploads under one folder."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from localpersonalize.aws.s3.buckets import Buckets
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.objects import ObjectStore
from localpersonalize.aws.s3.uploads import Uploads


@dataclass(frozen=True)
class Account:
    """Who owns all buckets, and where they are."""

    number: str
    region: str

    @property
    def owner(self) -> dict[str, str]:
        """As elements of documents."""
        return {"ID": self.number, "DisplayName": "localpersonalize"}


class Storage:
    """Opens a folder, makes it if there is none; `read_index` runs beside the first requests."""

    def __init__(self, folder: Path, account: Account) -> None:
        self.account = account
        self.buckets = Buckets(folder / "buckets")
        self.objects = ObjectStore(folder / "objects", self.buckets.has)
        self.uploads = Uploads(folder / "uploads")

    def start(self) -> Storage:
        """Begin to read the keys of all buckets, for lists."""
        threading.Thread(target=self.objects.read_index, name="s3-index", daemon=True).start()
        return self

    def delete_bucket(self, name: str) -> None:
        """
        :raises S3Error: NoSuchBucket or BucketNotEmpty.
        """
        self.buckets.require(name)
        with self.objects.alone():
            if not self.objects.index.is_empty(name):
                raise S3Error(
                    "BucketNotEmpty", "The bucket you tried to delete is not empty", BucketName=name
                )
            self.buckets.delete(name)
        self.uploads.forget_bucket(name)
