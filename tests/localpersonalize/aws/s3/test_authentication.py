"""Who is let in: presigned URLs and forms as boto3 makes them, and nothing that was altered."""

from __future__ import annotations

import base64
import http.client
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config

from tests.support.localpersonalize.live import code
from tests.support.localpersonalize.s3_server import KEY, REGION, SECRET, S3Server

KEYS = ["k", "a b/ü+%41.txt"]
VERSIONS = ["boto's default", "s3v4"]


def signer(server: S3Server, version: str) -> Any:
    """A client that signs URLs: with nothing said, boto3 takes the older signature for other endpoints than AWS's."""
    return server.client(**({} if version == VERSIONS[0] else {"signature_version": version}))


def fetch(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    connection.request(method, f"{parts.path}?{parts.query}", body, headers or {})
    answer = connection.getresponse()
    try:
        return answer.status, answer.read()
    finally:
        connection.close()


def multipart(fields: dict[str, str], content: bytes, filename: str = "f.txt") -> tuple[bytes, str]:
    """The body of a form, and its content type."""
    boundary = "----boundary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode()
    )
    return b"".join(
        parts
    ) + head + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def test_the_default_of_boto_is_the_older_signature(server: S3Server, bucket: str) -> None:
    url = signer(server, VERSIONS[0]).generate_presigned_url(
        "get_object", Params={"Bucket": bucket, "Key": "k"}
    )
    assert "AWSAccessKeyId" in url


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("key", KEYS)
def test_presigned_urls_put_and_get(server: S3Server, s3: Any, bucket: str, version: str, key: str) -> None:
    """O4."""
    client, address = signer(server, version), {"Bucket": bucket, "Key": key}
    put = client.generate_presigned_url("put_object", Params=address)
    assert fetch("PUT", put, b"lent")[0] == 200
    assert fetch("GET", client.generate_presigned_url("get_object", Params=address)) == (200, b"lent")
    assert fetch("HEAD", client.generate_presigned_url("head_object", Params=address)) == (200, b"")
    typed = client.generate_presigned_url(
        "get_object", Params={**address, "ResponseContentType": "text/x; y=1"}, ExpiresIn=7 * 24 * 3600
    )
    with urlopen(Request(typed)) as answer:
        assert answer.headers["content-type"] == "text/x; y=1"
    assert fetch("DELETE", client.generate_presigned_url("delete_object", Params=address))[0] == 204
    assert code(lambda: s3.head_object(**address)) == "404"


@pytest.mark.parametrize("version", VERSIONS)
def test_presigned_urls_keep_what_was_signed_with_them(
    server: S3Server, s3: Any, bucket: str, version: str
) -> None:
    params = {"Bucket": bucket, "Key": "k", "ContentType": "text/csv", "Metadata": {"rows": "1"}}
    url = signer(server, version).generate_presigned_url("put_object", Params=params)
    headers = {"content-type": "text/csv", "x-amz-meta-rows": "1"}
    assert fetch("PUT", url, b"x", {**headers, "x-amz-meta-more": "2"})[0] == 403
    assert fetch("PUT", url, b"x", headers)[0] == 200
    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ContentType"], head["Metadata"]) == ("text/csv", {"rows": "1"})


@pytest.mark.parametrize("version", VERSIONS)
def test_a_presigned_url_is_for_one_request_until_it_ends(
    server: S3Server, s3: Any, bucket: str, version: str
) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"lent")
    s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    client = signer(server, version)

    def url(seconds: int = 60) -> str:
        address = {"Bucket": bucket, "Key": "k"}
        return str(client.generate_presigned_url("get_object", Params=address, ExpiresIn=seconds))

    assert fetch("GET", url())[0] == 200
    for altered in (url().replace("/k?", "/other?"), url() + "&tagging=", url().replace(KEY, "AKIDOTHER")):
        assert fetch("GET", altered)[0] == 403
    assert fetch("DELETE", url())[0] == 403
    ended = url(1)
    time.sleep(2.1)
    status, content = fetch("GET", ended)
    assert (status, b"Request has expired" in content) == (403, True)
    later = fetch("GET", url(8 * 24 * 3600))
    assert later[0] in (400, 403)


@pytest.mark.parametrize("version", VERSIONS)
def test_presigned_forms(server: S3Server, s3: Any, bucket: str, version: str) -> None:
    """O4."""
    form = signer(server, version).generate_presigned_post(
        bucket,
        "in/${filename}",
        Fields={"Content-Type": "text/csv", "x-amz-meta-rows": "1"},
        Conditions=[
            {"Content-Type": "text/csv"},
            {"x-amz-meta-rows": "1"},
            ["content-length-range", 2, 200_000],
        ],
    )

    def post(content: bytes, **more: str) -> tuple[int, bytes]:
        body, content_type = multipart({**form["fields"], **more}, content)
        return fetch("POST", form["url"], body, {"content-type": content_type})

    content = bytes(range(256)) * 700
    assert post(content)[0] == 204
    answer = s3.get_object(Bucket=bucket, Key="in/f.txt")
    assert answer["Body"].read() == content
    assert (answer["ContentType"], answer["Metadata"]) == ("text/csv", {"rows": "1"})
    assert b"EntityTooSmall" in post(b"x")[1]
    assert b"EntityTooLarge" in post(b"x" * 200_001)[1]
    assert b"Extra input fields" in post(content, acl="private")[1]
    assert b"Condition failed" in post(content, **{"Content-Type": "text/html"})[1]
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    policy["conditions"] = []
    forged = base64.b64encode(json.dumps(policy).encode()).decode()
    assert post(content, policy=forged)[0] == 403
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_a_form_that_is_over_or_broken(server: S3Server, s3: Any, bucket: str) -> None:
    form = signer(server, "s3v4").generate_presigned_post(bucket, "k", ExpiresIn=1)
    body, content_type = multipart(form["fields"], b"x" * 1000)
    for broken in (body[:-700], body.replace(b'name="file"', b'name="other"'), b"nothing", b""):
        assert fetch("POST", form["url"], broken, {"content-type": content_type})[0] in (400, 403)
    time.sleep(2.1)
    assert b"Policy expired" in fetch("POST", form["url"], body, {"content-type": content_type})[1]
    assert (
        b"AccessDenied"
        in fetch("POST", form["url"], *multipart({"key": "k"}, b"x")[:1], {"content-type": content_type})[1]
    )
    assert code(lambda: s3.head_object(Bucket=bucket, Key="k")) == "404"


def test_who_is_not_let_in(server: S3Server, s3: Any, bucket: str) -> None:
    def other(key: str = KEY, secret: str = SECRET, region: str = REGION, service: str = "s3") -> str:
        client = boto3.client(
            service,
            endpoint_url=server.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(proxies={}, retries={"max_attempts": 0}),
        )
        return code(client.list_buckets)

    assert other() == ""
    assert other(key="AKIDOTHER") == "InvalidAccessKeyId"
    assert other(secret="wrong") == "SignatureDoesNotMatch"
    assert other(region="eu-west-1") == "AuthorizationHeaderMalformed"
    status, content, _ = server.send("GET", f"/{bucket}/k")
    assert (status, b"<Code>AccessDenied</Code>" in content) == (403, True)
    status, content, _ = server.send("GET", "/", headers={"authorization": f"AWS {KEY}:x"})
    assert (status, b"AWS4-HMAC-SHA256" in content) == (400, True)


def test_headers_that_change_a_request_must_be_signed(server: S3Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="secret", Body=b"secret")
    path = f"/{bucket}/k"
    headers = server.signed("PUT", path, b"")
    status, content, _ = server.send("PUT", path, b"", {**headers, "x-amz-copy-source": f"/{bucket}/secret"})
    assert (status, b"not signed" in content) == (403, True)
    without_hash = {name: value for name, value in headers.items() if name.lower() != "x-amz-content-sha256"}
    assert server.send("PUT", path, b"", without_hash)[0] in (400, 403)


def test_a_request_from_another_time_is_refused(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore import auth

    real = auth.get_current_datetime
    monkeypatch.setattr(auth, "get_current_datetime", lambda **o: real(**o) - timedelta(minutes=16))
    headers = server.signed("GET", "/")
    status, content, _ = server.send("GET", "/", headers=headers)
    assert (status, b"RequestTimeTooSkewed" in content) == (403, True)


def test_the_owner_and_queries_are_strict(server: S3Server, bucket: str) -> None:
    now = datetime.now(UTC)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{KEY}/{now:%Y%m%d}/{REGION}/s3/aws4_request",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": "٣",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    for name, value in (
        ("X-Amz-Expires", "0"),
        ("X-Amz-Expires", "604801"),
        ("X-Amz-Date", "now"),
        ("X-Amz-Expires", "-1"),
    ):
        path = f"/{bucket}/k?{urlencode({**query, name: value})}"
        status, content, _ = server.send("GET", path)
        assert (status, b"AuthorizationQueryParametersError" in content) == (400, True)
