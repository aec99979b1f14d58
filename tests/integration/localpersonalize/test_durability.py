"""What was acknowledged is there after SIGKILL: in S3, in IAM and in the service itself."""

from __future__ import annotations

import gzip
import os
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.localpersonalize.live import BUCKET, Live, code, policy, until

BIG = os.urandom(1 << 20) * 20


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(tmp_path_factory.mktemp("durability") / "data").start()
    yield live
    live.stop()


def restarted(live: Live) -> Live:
    live.kill()
    return live.start()


def test_objects_keep_their_bytes_headers_and_tags(own: Live) -> None:
    s3 = own.s3
    s3.create_bucket(Bucket="kept")
    names = ["plain", "folder/two words & ä+%41.csv", "empty", "big"]
    s3.put_object(
        Bucket="kept",
        Key=names[0],
        Body=gzip.compress(b"x"),
        ContentType="text/csv",
        ContentEncoding="gzip",
        Metadata={"rows": "1"},
        Tagging=urllib.parse.urlencode({"kept": "yes"}),
    )
    s3.put_object(Bucket="kept", Key=names[1], Body=b"12345")
    s3.put_object(Bucket="kept", Key=names[2], Body=b"")
    upload = s3.create_multipart_upload(Bucket="kept", Key=names[3])["UploadId"]
    parts = [
        {
            "PartNumber": n,
            "ETag": s3.upload_part(
                Bucket="kept",
                Key=names[3],
                UploadId=upload,
                PartNumber=n,
                Body=BIG[(n - 1) * 10_485_760 : n * 10_485_760],
            )["ETag"],
        }
        for n in (1, 2)
    ]
    s3.complete_multipart_upload(
        Bucket="kept", Key=names[3], UploadId=upload, MultipartUpload={"Parts": parts}
    )
    s3.copy_object(Bucket="kept", Key="copy", CopySource={"Bucket": "kept", "Key": names[3]})
    s3.put_object(Bucket="kept", Key="gone & away", Body=b"x")
    s3.delete_objects(Bucket="kept", Delete={"Objects": [{"Key": "gone & away"}]})
    before = {entry["Key"]: entry for entry in s3.list_objects_v2(Bucket="kept")["Contents"]}
    heads = {key: s3.head_object(Bucket="kept", Key=key) for key in before}

    s3 = restarted(own).s3

    assert {entry["Key"]: entry for entry in s3.list_objects_v2(Bucket="kept")["Contents"]} == before
    assert set(before) == {*names, "copy"}
    for key, head in heads.items():
        repeated = s3.head_object(Bucket="kept", Key=key)
        for member in ("ETag", "ContentLength", "ContentType", "Metadata", "LastModified"):
            assert repeated[member] == head[member], (key, member)
    assert gzip.decompress(s3.get_object(Bucket="kept", Key="plain")["Body"].read()) == b"x"
    assert s3.get_object(Bucket="kept", Key="plain")["ContentEncoding"] == "gzip"
    assert s3.get_object_tagging(Bucket="kept", Key="plain")["TagSet"] == [{"Key": "kept", "Value": "yes"}]
    assert s3.get_object(Bucket="kept", Key="copy")["Body"].read() == BIG
    assert s3.get_object(Bucket="kept", Key="empty")["Body"].read() == b""


def test_ranges_and_conditions_are_answered_as_s3_does(own: Live) -> None:
    s3 = own.s3
    s3.create_bucket(Bucket="ranges")
    etag = s3.put_object(Bucket="ranges", Key="k", Body=b"0123456789")["ETag"]
    part = s3.get_object(Bucket="ranges", Key="k", Range="bytes=3-5")
    assert (part["Body"].read(), part["ContentRange"], part["ContentLength"]) == (b"345", "bytes 3-5/10", 3)
    assert s3.get_object(Bucket="ranges", Key="k", Range="bytes=8-99")["Body"].read() == b"89"
    assert s3.get_object(Bucket="ranges", Key="k", Range="bytes=-2")["Body"].read() == b"89"
    assert code(lambda: s3.get_object(Bucket="ranges", Key="k", Range="bytes=10-")) == "InvalidRange"
    assert code(lambda: s3.get_object(Bucket="ranges", Key="k", IfNoneMatch=etag)) == "304"
    assert code(lambda: s3.get_object(Bucket="ranges", Key="k", IfMatch='"other"')) == "PreconditionFailed"
    assert code(lambda: s3.get_object(Bucket="ranges", Key="none")) == "NoSuchKey"


def test_an_object_written_again_is_the_new_one_and_leaves_no_file_behind(own: Live) -> None:
    before = set((own.data_dir / "standin/objects").iterdir())

    def files() -> set[Path]:
        return set((own.data_dir / "standin/objects").iterdir()) - before

    own.s3.create_bucket(Bucket="written")
    for content in (b"first", b"second, longer"):
        own.s3.put_object(Bucket="written", Key="k", Body=content)
    own.s3.put_object(Bucket="written", Key="deleted", Body=b"x")
    own.s3.delete_object(Bucket="written", Key="deleted")
    assert len(files()) == 2  # bytes and note of one object
    restarted(own)
    assert own.s3.get_object(Bucket="written", Key="k")["Body"].read() == b"second, longer"


def test_buckets_roles_and_policies_come_back(own: Live) -> None:
    role = own.prepare()
    own.s3.create_bucket(Bucket="left")
    own.s3.delete_bucket(Bucket="left")
    iam = own.client("iam")
    iam.create_role(RoleName="left", AssumeRolePolicyDocument=policy())
    iam.delete_role(RoleName="left")
    restarted(own)
    names = {bucket["Name"] for bucket in own.s3.list_buckets()["Buckets"]}
    assert BUCKET in names
    assert "left" not in names
    assert "personalize.amazonaws.com" in own.s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    assert [entry["Arn"] for entry in own.client("iam").list_roles()["Roles"]] == [role]
    assert own.client("iam").list_role_policies(RoleName="personalize")["PolicyNames"] == ["s3"]


def test_a_second_data_directory_is_a_second_account(own: Live, tmp_path: Path) -> None:
    own.s3.create_bucket(Bucket="mine")
    own.make("DatasetGroup", name="mine")
    other = Live(tmp_path / "other").start()
    try:
        assert other.s3.list_buckets()["Buckets"] == []
        assert other.personalize.list_dataset_groups()["datasetGroups"] == []
    finally:
        other.stop()


def test_the_stand_in_ends_with_the_service(own: Live) -> None:
    own.s3.list_buckets()
    assert own.process
    pid = own.process.pid
    children = [
        int(child)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]
    assert children
    own.kill()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), "the children to end", 10)
