"""`--any-credentials`: whatever key a test suite has lying about is let in, and is the account's root."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.support.localpersonalize.live import ACCOUNT, PERSONALIZE, REGION, Live, code, policy, schema

FIELDS = [("USER_ID", "string"), ("ITEM_ID", "string"), ("TIMESTAMP", "long")]


@pytest.fixture(scope="module")
def open_to_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    live = Live(tmp_path_factory.mktemp("any") / "data", "--any-credentials").start()
    yield live
    live.stop()


def client(live: Live, service: str, **config: Any) -> Any:
    """As LocalStack's users write it."""
    return boto3.client(
        service,
        endpoint_url=live.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(proxies={}, retries={"max_attempts": 0}, **config),
    )


def test_another_key_reads_and_changes_resources(open_to_all: Live) -> None:
    personalize = client(open_to_all, "personalize")
    made = personalize.create_schema(name="any", schema=schema("Interactions", *FIELDS))
    assert f":{ACCOUNT}:" in made["schemaArn"]
    assert [entry["name"] for entry in open_to_all.personalize.list_schemas()["schemas"]] == ["any"]


def test_another_key_is_the_account_itself(open_to_all: Live) -> None:
    identity = client(open_to_all, "sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert (identity["Account"], identity["UserId"]) == (ACCOUNT, ACCOUNT)


def test_another_key_makes_roles_and_objects_that_jobs_use(open_to_all: Live) -> None:
    trust = policy({"Effect": "Allow", "Principal": PERSONALIZE, "Action": "sts:AssumeRole"})
    client(open_to_all, "iam").create_role(RoleName="of-any", AssumeRolePolicyDocument=trust)
    roles = open_to_all.client("iam").list_roles()["Roles"]
    assert "of-any" in {role["RoleName"] for role in roles}


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_urls_and_forms_that_another_key_signed(open_to_all: Live, version: str) -> None:
    s3, bucket = client(open_to_all, "s3", signature_version=version), f"bucket-{version}"
    client(open_to_all, "s3").create_bucket(Bucket=bucket)
    address = {"Bucket": bucket, "Key": "k"}
    url = s3.generate_presigned_url("put_object", address)
    with urlopen(Request(url, b"content", method="PUT")) as answer:
        assert answer.status == 200
    with urlopen(s3.generate_presigned_url("get_object", address)) as answer:
        assert answer.read() == b"content"
    form = s3.generate_presigned_post(bucket, "form")
    parts = [(name, value) for name, value in form["fields"].items()] + [("file", "in a form")]
    body = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in parts
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(form["url"], body.encode() + b"--b--\r\n", headers)) as answer:
        assert answer.status == 204
    assert open_to_all.s3.get_object(Bucket=bucket, Key="form")["Body"].read() == b"in a form"


def test_a_request_without_any_key_is_refused(open_to_all: Live) -> None:
    assert code(client(open_to_all, "s3", signature_version=UNSIGNED).list_buckets) == "AccessDenied"
    unsigned = client(open_to_all, "personalize", signature_version=UNSIGNED)
    assert code(unsigned.list_schemas) in ("MissingAuthenticationTokenException", "AccessDenied")


@pytest.mark.parametrize("service", ["personalize", "s3", "iam"])
def test_a_web_page_that_points_its_own_name_here_is_refused(open_to_all: Live, service: str) -> None:
    """A key that may be any is no proof that the caller is no page: the Host is looked at."""
    scope = f"test/20260101/{REGION}/{service}/aws4_request"
    headers = {
        "Host": "evil.example",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}",
    }
    request = Request(f"{open_to_all.endpoint}/", headers=headers)
    with pytest.raises(OSError) as raised:
        urlopen(request)
    answer = raised.value
    assert getattr(answer, "code", None) == 403
    assert "--allow-host" in json.loads(answer.read())["message"]  # type: ignore[attr-defined]
