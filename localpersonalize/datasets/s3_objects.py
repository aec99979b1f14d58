"""The CSV objects at a place in S3, and their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localpersonalize.aws.s3.folders import object_file
from localpersonalize.datasets.csv_chunks import Readable
from localpersonalize.datasets.csv_files import ImportRefusedError


class Objects:
    """Reads S3 through `s3`; what the built-in S3 keeps in `folder` comes from its files, without HTTP."""

    def __init__(self, s3: Any, folder: Path | None = None) -> None:
        self._s3, self._folder = s3, folder

    def at(self, location: str, sub_folders: bool = False) -> Iterator[tuple[str, str]]:
        """(bucket, key) of the one file, or of every file in the folder, that a location names.

        An import job reads the files of the folder itself, a data deletion job those of its sub-folders too (botocore's
        model of DataSource).

        :raises ImportRefusedError: if there is none, or the bucket can't be read.
        """
        bucket, _, path = location.removeprefix("s3://").partition("/")
        any_object = False
        try:
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=path):
                for entry in page.get("Contents", ()):
                    if _is_at(path, entry["Key"], sub_folders):
                        any_object = True
                        yield bucket, entry["Key"]
        except ClientError as error:
            raise _unreadable(location, error) from None
        if not any_object:
            raise ImportRefusedError(
                f"No files were found at {location}. Check the data location of the import job."
            )

    def open(self, bucket: str, key: str) -> Readable:
        """An object, to be read piece by piece.

        :raises ImportRefusedError: if it is gone or damaged.
        """
        file = object_file(self._folder, bucket, key) if self._folder else None
        with suppress(FileNotFoundError):  # it was replaced meanwhile
            if file is not None:
                return open(file, "rb", buffering=0)
        try:
            body: Readable = self._s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            raise _unreadable(f"s3://{bucket}/{key}", error) from None
        return body


def _unreadable(location: str, error: ClientError) -> ImportRefusedError:
    return ImportRefusedError(
        f"Amazon Personalize can't read {location}: {error.response['Error']['Message']}"
    )


def _is_at(path: str, key: str, sub_folders: bool) -> bool:
    """Whether a key is the file, or in the folder, that a path names."""
    if key.endswith("/"):
        return False
    folder = path if not path or path.endswith("/") else path + "/"
    return key == path or (key.startswith(folder) and (sub_folders or "/" not in key[len(folder) :]))
