"""Copies: the same bytes, under conditions, with the source's headers or new ones."""

from __future__ import annotations

from typing import Any

from tests.support.localpersonalize.live import code


def test_copies_keep_or_replace_headers_and_tags(s3: Any, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source"}
    s3.put_object(**source, Body=b"x", ContentType="text/csv", Metadata={"rows": "1"}, Tagging="a=b")
    s3.copy_object(Bucket=bucket, Key="same", CopySource=source)
    same = s3.head_object(Bucket=bucket, Key="same")
    assert (same["ContentType"], same["Metadata"]) == ("text/csv", {"rows": "1"})
    assert s3.get_object_tagging(Bucket=bucket, Key="same")["TagSet"] == [{"Key": "a", "Value": "b"}]
    s3.copy_object(
        Bucket=bucket,
        Key="new",
        CopySource=source,
        MetadataDirective="REPLACE",
        ContentType="text/x",
        TaggingDirective="REPLACE",
        Tagging="c=d",
    )
    new = s3.head_object(Bucket=bucket, Key="new")
    assert (new["ContentType"], new["Metadata"]) == ("text/x", {})
    assert s3.get_object_tagging(Bucket=bucket, Key="new")["TagSet"] == [{"Key": "c", "Value": "d"}]


def test_a_copy_outlives_its_source(s3: Any, bucket: str) -> None:
    for content in (b"", b"x" * 3_000_000):
        s3.put_object(Bucket=bucket, Key="source", Body=content)
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "source"})
        s3.put_object(Bucket=bucket, Key="source", Body=b"another")
        s3.delete_object(Bucket=bucket, Key="source")
        assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == content


def test_an_object_copied_to_itself_changes_or_is_refused(s3: Any, bucket: str) -> None:
    address = {"Bucket": bucket, "Key": "k"}
    s3.put_object(**address, Body=b"x")
    assert code(lambda: s3.copy_object(**address, CopySource=address)) == "InvalidRequest"
    s3.copy_object(**address, CopySource=address, MetadataDirective="REPLACE", Metadata={"new": "1"})
    answer = s3.get_object(**address)
    assert (answer["Body"].read(), answer["Metadata"]) == (b"x", {"new": "1"})


def test_conditions_and_sources_that_are_not_there(s3: Any, bucket: str) -> None:
    source = {"Bucket": bucket, "Key": "source"}
    etag = s3.put_object(**source, Body=b"x")["ETag"]

    def copy(source: Any = source, **options: Any) -> str:
        return code(lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, **options))

    assert copy(CopySourceIfMatch=etag) == ""
    assert copy(CopySourceIfMatch='"other"') == "PreconditionFailed"
    assert copy(CopySourceIfNoneMatch='"other"') == ""
    assert copy(CopySourceIfNoneMatch=etag) == "PreconditionFailed"
    assert copy({"Bucket": bucket, "Key": "none"}) == "NoSuchKey"
    assert copy({"Bucket": "no-such-bucket", "Key": "k"}) == "NoSuchBucket"
    assert copy({**source, "VersionId": "v1"}) == "NoSuchVersion"
    assert copy("nothing") == "InvalidArgument"
    assert copy(IfNoneMatch="*") == "PreconditionFailed"
