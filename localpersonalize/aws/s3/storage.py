"""The account's S3 on disk: buckets, objects and unfinished uploads under one folder."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

from localpersonalize.aws import iam_journal
from localpersonalize.aws.s3.buckets import Buckets
from localpersonalize.aws.s3.errors import S3Error
from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.aws.s3.migration import migrate
from localpersonalize.aws.s3.objects import ObjectStore
from localpersonalize.aws.s3.uploads import Uploads
from localpersonalize.protocol.arns import AwsAccount

LEAST_FREE_BYTES = 1 << 20


class Storage:
    """Opens a folder, makes it if there is none; `read_index` runs beside the first requests."""

    def __init__(self, folder: Path, account: AwsAccount) -> None:
        self.account = account
        self.buckets = Buckets(folder / "buckets")
        self.objects = ObjectStore(folder / "objects", self.buckets.has)
        self.uploads = Uploads(folder / "uploads")

    @classmethod
    def of_data_directory(cls, data_dir: Path, account: AwsAccount) -> Storage:
        """The storage of a data directory, also of one that an earlier version left."""
        folder = aws_folder(data_dir)
        storage = cls(folder, account)
        migrate(folder / iam_journal.FILE, storage.buckets, account.region)
        return storage

    @property
    def owner(self) -> dict[str, str]:
        """Who owns all buckets, as elements of documents."""
        return {"ID": self.account.number, "DisplayName": "localpersonalize"}

    def start(self) -> Storage:
        """Begin to read the keys of all buckets, for lists."""
        threading.Thread(target=self._read_index, name="s3-index", daemon=True).start()
        return self

    def _read_index(self) -> None:
        self.objects.read_index()
        with self.objects.alone():
            for name in self.objects.index.buckets():
                if not self.buckets.has(name):
                    self.buckets.adopt(name, self.account.region)

    def problem(self) -> str:
        """Why nothing can be put; empty, if it can."""
        folder = self.objects.folder
        if not os.access(folder, os.W_OK):
            return f"{folder} can't be written"
        if shutil.disk_usage(folder).free < LEAST_FREE_BYTES:
            return f"the disk of {folder} is full"
        return ""

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
