"""Objects over boto3: put, get, head, delete, with headers, ranges, conditions, tags."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server

ODD_KEYS = [
    "plain",
    "folder/two words & ä+%41.csv",
    "a//b",
    "/leading",
    "trailing/",
    "..",
    "a/../b",
    ".",
    "<tag>&amp;",
    "tab\tkey",
    "line\nbreak",
    "return\rkey",
    "\x01control",
    "emoji 😀",
    "quote'\"",
    "back\\slash",
    "q?uery#hash",
    "k" * 1024,
    "ü" * 512,
    "%",
    "a=b&c",
    "*~!()",
]


def body(s3: Any, bucket: str, key: str, **options: Any) -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read())


@pytest.mark.parametrize("key", ODD_KEYS)
def test_odd_keys_are_keys(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert body(s3, bucket, key) == key.encode()
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    assert [entry["Key"] for entry in s3.list_objects(Bucket=bucket)["Contents"]] == [key]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == s3.head_object(Bucket=bucket, Key=key)["ETag"]
    quiet = "\x01" in key  # XML has no such character: no client could read it in the answer, of S3 neither
    deleted = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key}, {"Key": "copy"}], "Quiet": quiet}
    )
    assert [entry["Key"] for entry in deleted.get("Deleted", ())] == ([] if quiet else [key, "copy"])
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_key_that_is_too_long_is_refused(s3: Any, bucket: str) -> None:
    assert code(lambda: s3.put_object(Bucket=bucket, Key="k" * 1025, Body=b"")) == "KeyTooLongError"


@pytest.mark.parametrize("size", [0, 1, 1 << 16, (1 << 19) + 1, 3 << 20])
def test_bytes_come_back_whole(s3: Any, bucket: str, size: int) -> None:
    content = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="k", Body=content)
    answer = s3.get_object(Bucket=bucket, Key="k")
    assert answer["Body"].read() == content
    assert answer["ContentLength"] == size


def test_headers_and_metadata_are_kept(s3: Any, bucket: str) -> None:
    values = {
        "ContentType": "text/csv",
        "ContentEncoding": "gzip",
        "CacheControl": "no-cache",
        "ContentLanguage": "en",
        "ContentDisposition": 'attachment; filename="a"',
        "Metadata": {"rows": "1", "Name": "x  y"},
        "StorageClass": "STANDARD_IA",
    }
    s3.put_object(Bucket=bucket, Key="k", Body=gzip.compress(b"x"), **values)
    for answer in (s3.head_object(Bucket=bucket, Key="k"), s3.get_object(Bucket=bucket, Key="k")):
        for name, value in values.items():
            expected = {"rows": "1", "name": "x  y"} if name == "Metadata" else value
            assert answer[name] == expected
    large = {"n": "v" * 2050}
    assert code(lambda: s3.put_object(Bucket=bucket, Key="k", Metadata=large)) == "MetadataTooLarge"
    assert code(lambda: s3.put_object(Bucket=bucket, Key="k", StorageClass="HEAP")) == "InvalidStorageClass"


def test_an_answer_says_what_its_url_asks_it_to_say(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    answer = s3.get_object(
        Bucket=bucket, Key="k", ResponseContentType="text/x", ResponseCacheControl="no-store"
    )
    assert (answer["ContentType"], answer["CacheControl"]) == ("text/x", "no-store")


@pytest.mark.parametrize(
    ("range_", "expected", "said"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=3-5", b"345", "bytes 3-5/10"),
        ("bytes=8-", b"89", "bytes 8-9/10"),
        ("bytes=8-99", b"89", "bytes 8-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", b"0123456789", "bytes 0-9/10"),
        ("bytes=5-3", b"0123456789", None),
        ("lines=1-2", b"0123456789", None),
        ("bytes=0-1,3-4", b"0123456789", None),
    ],
)
def test_ranges(s3: Any, bucket: str, range_: str, expected: bytes, said: str | None) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key="k", Range=range_)
    assert (answer["Body"].read(), answer.get("ContentRange")) == (expected, said)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == (206 if said else 200)


@pytest.mark.parametrize("range_", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(s3: Any, bucket: str, range_: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    assert code(lambda: s3.get_object(Bucket=bucket, Key="k", Range=range_)) == "InvalidRange"


def test_conditions_of_reads(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="k")["LastModified"]
    past, future = modified - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)

    def read(**options: Any) -> str:
        return code(lambda: s3.get_object(Bucket=bucket, Key="k", **options))

    assert read(IfMatch=etag) == ""
    assert read(IfMatch='"other"') == "PreconditionFailed"
    assert read(IfNoneMatch=etag) == "304"
    assert read(IfNoneMatch='"other"') == ""
    assert read(IfModifiedSince=past) == ""
    assert read(IfModifiedSince=future) == "304"
    assert read(IfUnmodifiedSince=past) == "PreconditionFailed"
    assert read(IfUnmodifiedSince=future) == ""
    assert read(IfMatch=etag, IfUnmodifiedSince=past) == ""
    assert read(IfNoneMatch=etag, IfModifiedSince=past) == "304"


def test_conditions_of_writes(s3: Any, bucket: str) -> None:
    def put(content: bytes, **options: Any) -> str:
        return code(lambda: s3.put_object(Bucket=bucket, Key="k", Body=content, **options))

    assert put(b"0", IfMatch='"some"') == "NoSuchKey"
    assert put(b"1", IfNoneMatch="*") == ""
    assert put(b"2", IfNoneMatch="*") == "PreconditionFailed"
    etag = s3.head_object(Bucket=bucket, Key="k")["ETag"]
    assert put(b"3", IfMatch='"other"') == "PreconditionFailed"
    assert put(b"4", IfMatch=etag) == ""
    assert body(s3, bucket, "k") == b"4"
    assert code(lambda: s3.delete_object(Bucket=bucket, Key="k", IfMatch='"other"')) == "PreconditionFailed"


def test_what_is_not_there(s3: Any, bucket: str) -> None:
    assert code(lambda: s3.get_object(Bucket=bucket, Key="none")) == "NoSuchKey"
    assert code(lambda: s3.head_object(Bucket=bucket, Key="none")) == "404"
    assert code(lambda: s3.get_object(Bucket="no-such-bucket", Key="k")) == "NoSuchBucket"
    assert code(lambda: s3.put_object(Bucket="no-such-bucket", Key="k")) == "NoSuchBucket"
    s3.delete_object(Bucket=bucket, Key="none")
    assert code(lambda: s3.get_object(Bucket=bucket, Key="k", VersionId="v1")) in (
        "NoSuchKey",
        "NoSuchVersion",
    )


def test_tags(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1&b=%26")
    assert (
        s3.head_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"]
        == "2"
    )
    tags = [{"Key": "c", "Value": "<&>"}]
    s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == tags
    s3.delete_object_tagging(Bucket=bucket, Key="k")
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == []
    many = [{"Key": str(n), "Value": ""} for n in range(11)]
    assert (
        code(lambda: s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": many})) == "BadRequest"
    )
    twice = [{"Key": "a", "Value": "1"}] * 2
    assert (
        code(lambda: s3.put_object_tagging(Bucket=bucket, Key="k", Tagging={"TagSet": twice})) == "InvalidTag"
    )
    assert body(s3, bucket, "k") == b"x"


def test_attributes(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"12345", ChecksumAlgorithm="SHA256")
    names = ["ETag", "ObjectSize", "StorageClass", "Checksum"]
    result = s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=names)
    assert (result["ObjectSize"], result["StorageClass"]) == (5, "STANDARD")
    assert result["Checksum"]["ChecksumSHA256"] == "WZRHGrsBESr8wYFZ9sx0tPURuZgG2lmzyvWpwXPKz8U="


def test_deletes_of_many(s3: Any, bucket: str) -> None:
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"")
    quiet = s3.delete_objects(
        Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": f"k{n}"} for n in range(4)]}
    )
    assert "Deleted" not in quiet
    versions = [{"Key": "k4", "VersionId": "some"}]
    failed = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions})
    assert [entry["Code"] for entry in failed["Errors"]] == ["NoSuchVersion"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    many = {"Objects": [{"Key": str(n)} for n in range(1001)]}
    assert code(lambda: s3.delete_objects(Bucket=bucket, Delete=many)) == "MalformedXML"


def test_what_is_not_here_is_refused_by_its_name(server: S3Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    calls = {
        "PutObjectRetention": lambda: s3.put_object_retention(
            Bucket=bucket, Key="k", Retention={"Mode": "GOVERNANCE"}
        ),
        "RestoreObject": lambda: s3.restore_object(Bucket=bucket, Key="k", RestoreRequest={"Days": 1}),
        "PutBucketVersioning": lambda: s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
        ),
        "PutBucketReplication": lambda: s3.put_bucket_replication(
            Bucket=bucket, ReplicationConfiguration={"Role": "r", "Rules": []}
        ),
    }
    for name, call in calls.items():
        with pytest.raises(Exception, match=f"NotImplemented.*{name}"):
            call()
    acl = code(lambda: s3.put_object(Bucket=bucket, Key="k", ACL="public-read"))
    assert acl == "AccessControlListNotSupported"
    assert (
        code(lambda: s3.put_object(Bucket=bucket, Key="k", ExpectedBucketOwner="210987654321"))
        == "AccessDenied"
    )
