"""Buckets over boto3: made, listed, deleted, and what is set on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import S3Server


@pytest.mark.parametrize(
    "name", ["Bad_Name", "ab", "a" * 64, "-a-b", "a..b", "192.168.0.1", "xn--abc", "abc-s3alias", "a.b-"]
)
def test_names_that_no_bucket_may_have(server: S3Server, name: str) -> None:
    status, content, _ = server.send("PUT", f"/{name}", headers=server.signed("PUT", f"/{name}"))
    assert (status, b"InvalidBucketName" in content) == (400, True)


def test_a_bucket_from_its_making_to_its_end(s3: Any) -> None:
    s3.create_bucket(Bucket="a.life-1")
    s3.create_bucket(Bucket="a.life-1")  # in us-east-1 one's own bucket may be made again
    assert "a.life-1" in [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    assert s3.head_bucket(Bucket="a.life-1")["BucketRegion"] == "us-east-1"
    assert s3.get_bucket_location(Bucket="a.life-1").get("LocationConstraint") is None
    s3.put_object(Bucket="a.life-1", Key="k", Body=b"")
    assert code(lambda: s3.delete_bucket(Bucket="a.life-1")) == "BucketNotEmpty"
    s3.delete_object(Bucket="a.life-1", Key="k")
    s3.delete_bucket(Bucket="a.life-1")
    assert code(lambda: s3.head_bucket(Bucket="a.life-1")) == "404"
    assert code(lambda: s3.delete_bucket(Bucket="a.life-1")) == "NoSuchBucket"


def test_buckets_of_another_region(tmp_path: Path) -> None:
    server = S3Server(tmp_path, "eu-central-1").start()
    try:
        s3 = server.client()
        here = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="abroad", CreateBucketConfiguration=here)
        assert s3.get_bucket_location(Bucket="abroad")["LocationConstraint"] == "eu-central-1"
        repeated = code(lambda: s3.create_bucket(Bucket="abroad", CreateBucketConfiguration=here))
        assert repeated == "BucketAlreadyOwnedByYou"
        other = {"LocationConstraint": "us-west-2"}
        refused = code(lambda: s3.create_bucket(Bucket="away", CreateBucketConfiguration=other))
        assert refused == "IllegalLocationConstraintException"
    finally:
        server.stop()


def test_policies(s3: Any, bucket: str) -> None:
    assert code(lambda: s3.get_bucket_policy(Bucket=bucket)) == "NoSuchBucketPolicy"
    text = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Sid": "ü<&>"}]})
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    for wrong in ("{", "[]", "{}", '{"Statement": [{"Effect": "Perhaps"}]}', "[" * 15_000):
        assert code(lambda text=wrong: s3.put_bucket_policy(Bucket=bucket, Policy=text)) == "MalformedPolicy"
    s3.delete_bucket_policy(Bucket=bucket)
    assert code(lambda: s3.get_bucket_policy(Bucket=bucket)) == "NoSuchBucketPolicy"


def test_documents_that_change_nothing_here_are_kept(s3: Any, bucket: str) -> None:
    assert code(lambda: s3.get_public_access_block(Bucket=bucket)) == "NoSuchPublicAccessBlockConfiguration"
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": True,
    }
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    s3.delete_public_access_block(Bucket=bucket)
    rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0][
        "ApplyServerSideEncryptionByDefault"
    ] == {"SSEAlgorithm": "AES256"}
    tags = [{"Key": "a", "Value": "b"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    assert code(lambda: s3.get_bucket_tagging(Bucket=bucket)) == "NoSuchTagSet"


def test_what_was_never_set_is_shown_as_such(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    assert code(lambda: s3.get_bucket_cors(Bucket=bucket)) == "NoSuchCORSConfiguration"
    assert (
        code(lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket)) == "NoSuchLifecycleConfiguration"
    )
    assert code(lambda: s3.get_bucket_website(Bucket=bucket)) == "NoSuchWebsiteConfiguration"
    assert s3.get_bucket_acl(Bucket=bucket)["Owner"]["ID"] == "123456789012"


def test_buckets_and_what_is_set_on_them_come_back_and_a_damaged_one_costs_itself(tmp_path: Path) -> None:
    server = S3Server(tmp_path).start()
    s3 = server.client()
    policy = '{"Statement": [{"Effect": "Allow"}]}'
    for name in ("one", "two"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=policy)
        s3.put_object(Bucket=name, Key="k", Body=name.encode())
    server.stop()
    (tmp_path / "buckets" / "two.json").write_bytes(b"\0" * 10)
    server.start()
    try:
        assert s3.get_bucket_policy(Bucket="one")["Policy"] == policy
        assert s3.get_object(Bucket="two", Key="k")["Body"].read() == b"two"
    finally:
        server.stop()
