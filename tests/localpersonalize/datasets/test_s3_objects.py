"""Where the bytes of an import come from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from localpersonalize.aws import object_files
from localpersonalize.datasets.s3_objects import Objects


class S3:
    """Has every object, with the same bytes."""

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"over HTTP")}


def content(objects: Objects, key: str = "k.csv") -> bytes:
    buffer = bytearray(100)
    return bytes(buffer[: objects.open("bucket", key).readinto(memoryview(buffer)) or 0])


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1", aws_access_key_id="-", aws_secret_access_key="-")
        s3.create_bucket(Bucket="bucket")
        kept = object_files.ObjectStore(object_files.objects_folder(tmp_path))

        def put(body: bytes) -> Objects:
            s3.put_object(Bucket="bucket", Key="k.csv", Body=body)
            kept.keep("bucket", "k.csv")
            return Objects(S3(), kept.folder)

        yield put


def test_an_object_of_the_built_in_s3_is_read_from_its_file_as_it_is_now(kept: Any) -> None:
    assert content(kept(b"first")) == b"first"
    assert content(kept(b"second")) == b"second"


def test_other_objects_come_over_http(kept: Any) -> None:
    assert content(kept(b"here"), "elsewhere.csv") == b"over HTTP"
    assert content(Objects(S3())) == b"over HTTP"


def test_an_object_that_is_replaced_while_it_is_opened_comes_over_http(kept: Any) -> None:
    objects = kept(b"first")
    file = object_files.file_of(objects._folder, "bucket", "k.csv")
    assert file is not None
    file.unlink()
    assert content(objects) == b"over HTTP"
