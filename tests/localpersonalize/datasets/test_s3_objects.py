"""Where the bytes of an import come from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.aws.s3 import folders, notes
from localpersonalize.aws.s3.notes import Note
from localpersonalize.aws.s3.objects import ObjectStore
from localpersonalize.datasets.s3_objects import Objects


class S3:
    """Has every object, with the same bytes."""

    def get_object(self, **_: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(b"over HTTP")}


def content(objects: Objects, key: str = "k.csv") -> bytes:
    buffer = bytearray(100)
    return bytes(buffer[: objects.open("bucket", key).readinto(memoryview(buffer)) or 0])


@pytest.fixture
def objects_of(tmp_path: Path) -> Any:
    store = ObjectStore(folders.objects_folder(tmp_path), lambda _: True)

    def put(body: bytes) -> Objects:
        file = store.new_file()
        file.write(body)
        file.finish()
        store.put(Note("bucket", "k.csv", file.file.name, len(body), "etag", notes.now()), file)
        return Objects(S3(), store.folder)

    return put


def test_an_object_of_the_built_in_s3_is_read_from_its_file_as_it_is_now(objects_of: Any) -> None:
    assert content(objects_of(b"first")) == b"first"
    assert content(objects_of(b"second")) == b"second"


def test_other_objects_come_over_http(objects_of: Any) -> None:
    assert content(objects_of(b"here"), "elsewhere.csv") == b"over HTTP"
    assert content(Objects(S3())) == b"over HTTP"


def test_an_object_that_is_replaced_while_it_is_opened_comes_over_http(objects_of: Any) -> None:
    objects = objects_of(b"first")
    file = folders.object_file(objects._folder, "bucket", "k.csv")
    assert file is not None
    file.unlink()
    assert content(objects) == b"over HTTP"
