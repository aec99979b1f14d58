"""Errors of S3 name the bucket, whoever asked and for what."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from airflow_personalize.s3 import s3_client

REQUESTS = {
    "list_objects_v2": {},
    "get_object": {"Key": "a"},
    "put_object": {"Key": "a", "Body": b"x"},
    "create_multipart_upload": {"Key": "a"},
}


@pytest.fixture
def client(monkeypatch):
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    with mock_aws():
        yield s3_client("aws_default")


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_bucket_that_there_is_not_is_named_with_what_to_do(client, operation):
    with pytest.raises(ClientError) as failed:
        getattr(client, operation)(Bucket="nowhere", **REQUESTS[operation])
    assert failed.value.response["Error"]["Code"] == "NoSuchBucket"
    assert "(bucket 'nowhere': create it, or correct its name)" in str(failed.value)


def test_other_errors_are_as_s3_says_them(client):
    client.create_bucket(Bucket="there")
    with pytest.raises(ClientError) as failed:
        client.get_object(Bucket="there", Key="a")
    assert failed.value.response["Error"]["Code"] == "NoSuchKey"
    assert "bucket 'there'" not in str(failed.value)
