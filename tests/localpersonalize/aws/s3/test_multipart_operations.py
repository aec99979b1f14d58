"""Multipart uploads: whole, copied, listed, refused, and across a restart."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.aws.s3.checksums import encoded, hasher
from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server

PART = 5 << 20
CONTENT = os.urandom(2 * PART + 1000)
PARTS = [CONTENT[:PART], CONTENT[PART : 2 * PART], CONTENT[2 * PART :]]


def begin(s3: Any, bucket: str, key: str = "k", **options: Any) -> dict[str, str]:
    made = s3.create_multipart_upload(Bucket=bucket, Key=key, **options)
    return {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}


def put_parts(s3: Any, upload: dict[str, str], **options: Any) -> list[dict[str, Any]]:
    return [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(**upload, PartNumber=number, Body=part, **options)["ETag"],
        }
        for number, part in enumerate(PARTS, 1)
    ]


def complete(s3: Any, upload: dict[str, str], parts: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = s3.complete_multipart_upload(
        **upload, MultipartUpload={"Parts": parts}, **options
    )
    return answer


def test_parts_become_one_object(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, ContentType="text/csv", Metadata={"rows": "3"}, Tagging="a=b")
    parts = put_parts(s3, upload)
    digests = b"".join(hashlib.md5(part).digest() for part in PARTS)
    assert complete(s3, upload, parts)["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == CONTENT
    assert (answer["ContentType"], answer["Metadata"], answer["TagCount"]) == ("text/csv", {"rows": "3"}, 1)
    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)
    assert (second["Body"].read(), second["PartsCount"]) == (PARTS[1], 3)
    assert code(lambda: s3.get_object(Bucket=bucket, Key="k", PartNumber=4)) == "InvalidPartNumber"
    assert code(lambda: complete(s3, upload, parts)) == "NoSuchUpload"


def test_an_upload_goes_on_after_a_restart(tmp_path: Path) -> None:
    """O5."""
    server = S3Server(tmp_path).start()
    s3 = server.client()
    s3.create_bucket(Bucket="kept")
    upload, aborted = begin(s3, "kept"), begin(s3, "kept", "other")
    first = s3.upload_part(**upload, PartNumber=1, Body=PARTS[0])["ETag"]
    s3.abort_multipart_upload(**aborted)
    server.stop()
    server.start()
    try:
        assert [entry["Key"] for entry in s3.list_multipart_uploads(Bucket="kept")["Uploads"]] == ["k"]
        assert [entry["ETag"] for entry in s3.list_parts(**upload)["Parts"]] == [first]
        rest = s3.upload_part(**upload, PartNumber=2, Body=b"end")["ETag"]
        complete(s3, upload, [{"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": rest}])
        assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == PARTS[0] + b"end"
        assert code(lambda: s3.upload_part(**aborted, PartNumber=1, Body=b"x")) == "NoSuchUpload"
        assert list(server.storage.uploads.folder.iterdir()) == []
    finally:
        server.stop()


def test_what_cannot_be_completed(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    small = s3.upload_part(**upload, PartNumber=1, Body=b"small")["ETag"]
    other = s3.upload_part(**upload, PartNumber=3, Body=b"end")["ETag"]
    one, three = {"PartNumber": 1, "ETag": small}, {"PartNumber": 3, "ETag": other}
    for parts, expected in (
        ([one, three], "EntityTooSmall"),
        ([three, one], "InvalidPartOrder"),
        ([one, one], "InvalidPartOrder"),
        ([one, {"PartNumber": 2, "ETag": small}], "InvalidPart"),
        ([{**one, "ETag": other}], "InvalidPart"),
        ([], "MalformedXML"),
    ):
        assert code(lambda parts=parts: complete(s3, upload, parts)) == expected
    assert code(lambda: complete(s3, {**upload, "UploadId": "../../etc"}, [one])) == "NoSuchUpload"
    assert code(lambda: complete(s3, {**upload, "Key": "another"}, [one])) == "NoSuchUpload"
    assert code(lambda: s3.upload_part(**upload, PartNumber=10_001, Body=b"")) == "InvalidArgument"
    assert code(lambda: s3.upload_part(**upload, PartNumber=0, Body=b"")) == "InvalidArgument"
    complete(s3, upload, [one])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"small"


def test_a_part_put_again_replaces_it(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    for content in (b"first", b"second"):
        etag = s3.upload_part(**upload, PartNumber=1, Body=content)["ETag"]
    complete(s3, upload, [{"PartNumber": 1, "ETag": etag}])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"second"


def test_lists_of_uploads_and_parts(s3: Any, bucket: str) -> None:
    uploads = [begin(s3, bucket, key) for key in ("a/1", "a/2", "b", "b")]
    results: list[tuple[str, str]] = []
    for page in s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 1}
    ):
        results += [(entry["Key"], entry["UploadId"]) for entry in page.get("Uploads", ())]
    assert sorted(results) == sorted((upload["Key"], upload["UploadId"]) for upload in uploads)
    rolled = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [entry["Prefix"] for entry in rolled["CommonPrefixes"]] == ["a/"]
    assert len(rolled["Uploads"]) == 2
    for number in (1, 2, 3):
        s3.upload_part(**uploads[0], PartNumber=number, Body=b"x" * number)
    pages = s3.get_paginator("list_parts").paginate(**uploads[0], PaginationConfig={"PageSize": 2})
    assert [(part["PartNumber"], part["Size"]) for page in pages for part in page["Parts"]] == [
        (1, 1),
        (2, 2),
        (3, 3),
    ]
    for upload in uploads:
        s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_parts_are_copied_from_objects(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=CONTENT)
    upload, source = begin(s3, bucket), {"Bucket": bucket, "Key": "source"}
    parts = []
    for number, bounds in ((1, f"bytes=0-{PART - 1}"), (2, f"bytes={PART}-{len(CONTENT) - 1}")):
        copied = s3.upload_part_copy(**upload, PartNumber=number, CopySource=source, CopySourceRange=bounds)
        parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
    for wrong in (f"bytes=0-{len(CONTENT)}", "bytes=5-2", "bytes=0-"):
        refused = code(
            lambda text=wrong: s3.upload_part_copy(
                **upload, PartNumber=3, CopySource=source, CopySourceRange=text
            )
        )
        assert refused == "InvalidArgument"
    complete(s3, upload, parts)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == CONTENT


def test_checksums_of_parts_and_of_the_whole(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, ChecksumAlgorithm="CRC32")
    parts = put_parts(s3, upload, ChecksumAlgorithm="CRC32")
    whole = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in PARTS)
    expected = base64.b64encode(zlib.crc32(whole).to_bytes(4, "big")).decode() + "-3"
    assert complete(s3, upload, parts)["ChecksumCRC32"] == expected
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (expected, "COMPOSITE")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == CONTENT
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "k"})
    copy = s3.get_object(Bucket=bucket, Key="copy", ChecksumMode="ENABLED")
    assert copy["Body"].read() == CONTENT
    assert copy["ETag"] == f'"{hashlib.md5(CONTENT).hexdigest()}"'


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_checksum_of_the_whole_is_made_of_those_of_the_parts(
    server: S3Server, s3: Any, bucket: str, algorithm: str
) -> None:
    upload = begin(s3, bucket, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    parts, name = [], f"x-amz-checksum-{algorithm.lower()}"
    for number, content in enumerate(PARTS, 1):
        made = hasher(algorithm)
        made.update(content)
        path = f"/{bucket}/k?partNumber={number}&uploadId={upload['UploadId']}"
        headers = server.signed("PUT", path, content, {name: encoded(made.digest())})
        parts.append({"PartNumber": number, "ETag": server.send("PUT", path, content, headers)[2]["etag"]})
    whole = hasher(algorithm)
    whole.update(CONTENT)
    wrong = {f"Checksum{algorithm}": encoded(bytes(len(whole.digest())))}
    if algorithm == "CRC32":
        assert code(lambda: complete(s3, upload, parts, **wrong)) == "BadDigest"
    assert complete(s3, upload, parts)[f"Checksum{algorithm}"] == encoded(whole.digest())


def test_a_condition_on_completion(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"first")
    upload = begin(s3, bucket)
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
    assert code(lambda: complete(s3, upload, [part], IfNoneMatch="*")) == "PreconditionFailed"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"first"
    complete(s3, upload, [part])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
