"""Whatever goes wrong is a document of S3: a full disk, a broken one, a method that is none."""

from __future__ import annotations

import errno
import os
from typing import Any
from xml.etree import ElementTree

import pytest

from localpersonalize.aws.s3.objects import NewFile
from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_an_answer_and_what_was_there_stays(
    s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"old")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]

    def full(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(NewFile, "write", full)
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1}
    assert code(lambda: s3.put_object(Bucket=bucket, Key="k", Body=b"new")) == "ServiceUnavailable"
    assert code(lambda: s3.upload_part(**part, Body=b"new")) == "ServiceUnavailable"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"old"
    monkeypatch.undo()
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"new"


def test_a_fault_of_ours_is_an_internal_error_without_its_details(
    s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(NewFile, "finish", broken)
    with pytest.raises(Exception, match="InternalError") as raised:
        s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("method", ["PATCH", "TRACE", "OPTIONS", "POST"])
def test_errors_are_documents(server: S3Server, bucket: str, method: str) -> None:
    path = f"/{bucket}/k%C3%BC<"
    status, content, headers = server.send(method, path, headers=server.signed(method, path))
    assert status >= 400
    assert headers["content-type"] == "application/xml"
    root = ElementTree.fromstring(content)
    assert root.findtext("Code")
    assert root.findtext("RequestId") == headers["x-amz-request-id"]


@pytest.mark.parametrize("path", ["/%FF/%FE", "/bucket/%C3", "/b?x=%FF"])
def test_what_is_not_utf_8_is_refused(server: S3Server, path: str) -> None:
    status, content, _ = server.send("GET", path)
    assert (status, b"<Code>InvalidURI</Code>" in content) == (400, True)
