"""Requests reach nothing but the account: not without its key, not outside its folder, not beyond its bounds."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from localpersonalize.http.asgi import MAX_BODY_BYTES
from tests.support.localpersonalize.fuzz import signed_headers
from tests.support.localpersonalize.live import KEY, REGION, SECRET, Live, code

TARGET = {"X-Amz-Target": "AmazonPersonalize.ListDatasetGroups", "Content-Type": "application/x-amz-json-1.1"}


def send(
    live: Live, body: bytes, headers: dict[str, str], path: str = "/", method: str = "POST"
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.parametrize(
    ("key", "secret", "expected"),
    [(KEY, "wrong", "InvalidSignatureException"), ("AKIDOTHER", SECRET, "UnrecognizedClientException")],
)
def test_another_key_pair_is_refused(live: Live, key: str, secret: str, expected: str) -> None:
    client = boto3.client(
        "personalize",
        endpoint_url=live.endpoint,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(proxies={}),
    )
    assert code(client.list_dataset_groups) == expected


def test_unsigned_and_altered_requests_are_refused(live: Live) -> None:
    status, content = send(live, b"{}", TARGET)
    assert (status, json.loads(content)["__type"]) == (403, "MissingAuthenticationTokenException")
    headers = signed_headers(live, "POST", "/", TARGET, b"{}")
    assert send(live, b"{}", headers)[0] == 200
    status, content = send(live, b'{"maxResults": 1}', headers)
    assert (status, json.loads(content)["__type"]) == (403, "InvalidSignatureException")


S3_REFUSALS = [(KEY, "wrong", "SignatureDoesNotMatch"), ("AKIDOTHER", SECRET, "InvalidAccessKeyId")]


@pytest.mark.parametrize(("key", "secret", "expected"), S3_REFUSALS)
def test_another_key_pair_reaches_no_object_and_no_role(
    live: Live, key: str, secret: str, expected: str
) -> None:
    def other(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=live.endpoint,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(proxies={}),
        )

    live.s3.create_bucket(Bucket="closed")
    assert code(lambda: other("s3").list_objects_v2(Bucket="closed")) == expected
    assert code(lambda: other("s3").put_object(Bucket="closed", Key="k", Body=b"x" * 3_000_000)) == expected
    assert "Contents" not in live.s3.list_objects_v2(Bucket="closed")
    refused = {"SignatureDoesNotMatch": "SignatureDoesNotMatch", "InvalidAccessKeyId": "InvalidClientTokenId"}
    assert code(other("iam").list_roles) == refused[expected]
    assert code(other("sts").get_caller_identity) == refused[expected]


def test_objects_need_a_signature_and_a_presigned_url_is_one_until_it_ends(live: Live) -> None:
    live.s3.create_bucket(Bucket="lent")
    live.s3.put_object(Bucket="lent", Key="a b/ü+%.txt", Body=b"lent")
    status, content = send(live, b"", {}, "/lent/a%20b/%C3%BC%2B%25.txt", "GET")
    assert (status, b"AccessDenied" in content) == (403, True)
    request, signer = {"Bucket": "lent", "Key": "a b/ü+%.txt"}, live._client("s3", signature_version="s3v4")

    def path(seconds: int) -> str:
        url = signer.generate_presigned_url("get_object", Params=request, ExpiresIn=seconds)
        return url.removeprefix(live.endpoint)

    assert send(live, b"", {}, path(60), "GET") == (200, b"lent")
    assert send(live, b"", {}, path(60).replace("lent/", "other/"), "GET")[0] == 403
    ended = path(1)
    time.sleep(2.1)
    assert send(live, b"", {}, ended, "GET")[0] == 403


def test_a_body_larger_than_any_request_is_refused(live: Live) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)
    status, content = send(live, body, signed_headers(live, "POST", "/", TARGET, body))
    assert (status, json.loads(content)["__type"]) == (413, "RequestEntityTooLargeException")


def test_names_and_keys_do_not_reach_files_outside_the_data_directory(live: Live) -> None:
    around = set(live.data_dir.parent.iterdir())
    assert code(lambda: live.personalize.create_dataset_group(name="../escape")) == "InvalidInputException"
    live.s3.create_bucket(Bucket="escape")
    for key in ("../../../escape.txt", "/etc/escape.txt", "a/../../b"):
        live.s3.put_object(Bucket="escape", Key=key, Body=b"in")
        assert live.s3.get_object(Bucket="escape", Key=key)["Body"].read() == b"in"
    status, content = send(live, b"", {}, "/../../../../../../etc/passwd", "GET")
    assert status in (400, 403, 404)
    assert b"root:" not in content
    assert set(live.data_dir.parent.iterdir()) == around
    assert not list(live.data_dir.rglob("escape.txt"))
    assert not Path("/etc/escape.txt").exists()


def test_many_callers_at_once_are_all_answered(live: Live) -> None:
    headers = signed_headers(live, "POST", "/", TARGET, b"{}")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: send(live, b"{}", headers)[0], range(200)))
    assert answers == [200] * 200
