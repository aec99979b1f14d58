"""A real service for the building blocks, with a bucket, a role, and a little data in it."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.operator_runs import BUCKET, KEY, REGION, ROLE, SECRET, Task, connection, local_service
from tests.support.resources import DatasetGroupResources

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "user_id", "type": "string"},
        {"name": "item_id", "type": "string"},
        {"name": "timestamp", "type": "long"},
    ],
    "version": "1.0",
}


@pytest.fixture(scope="session")
def service_address(tmp_path_factory) -> Any:
    with local_service(tmp_path_factory.mktemp("service")) as address:
        prepare(lambda name: client(address, name))
        yield address


@pytest.fixture
def service(service_address, monkeypatch) -> Any:
    """The service behind `aws_default`, and clients that look at it from outside."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
    return SimpleNamespace(address=service_address, client=lambda name: client(service_address, name))


def client(address: str, name: str) -> Any:
    return boto3.client(
        name,
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(proxies={}, retries={"max_attempts": 2}),
    )


def prepare(make_client: Callable[[str], Any]) -> None:
    """A bucket with interactions in it, and a role that Personalize may take."""
    s3, iam = make_client("s3"), make_client("iam")
    s3.create_bucket(Bucket=BUCKET)
    actions = ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]
    resources = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    principal = {"Service": "personalize.amazonaws.com"}
    s3.put_bucket_policy(
        Bucket=BUCKET, Policy=_policy(Action=actions, Resource=resources, Principal=principal)
    )
    iam.create_role(
        RoleName=ROLE, AssumeRolePolicyDocument=_policy(Action="sts:AssumeRole", Principal=principal)
    )
    iam.put_role_policy(
        RoleName=ROLE, PolicyName="bucket", PolicyDocument=_policy(Action=actions, Resource=resources)
    )
    s3.put_object(Bucket=BUCKET, Key="interactions/part-0.csv", Body=interactions().encode())
    s3.put_object(Bucket=BUCKET, Key="broken/part-0.csv", Body=b"user_id,item_id\n1,2\n")


def interactions(rows: int = 1500, users: int = 50, items: int = 40) -> str:
    """A CSV of enough interactions to train on."""
    chance = random.Random(7)
    text = io.StringIO("user_id,item_id,timestamp\n")
    text.seek(0, io.SEEK_END)
    for row in range(rows):
        text.write(f"u{chance.randrange(users)},i{chance.randrange(items)},{1_700_000_000 + row * 60}\n")
    return text.getvalue()


def _policy(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@pytest.fixture
def schema() -> dict[str, Any]:
    """The smallest schema of interactions."""
    return SCHEMA


@pytest.fixture(scope="session")
def trained(service_address) -> DatasetGroupResources:
    """A dataset group with data and a solution, to train in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", connection(service_address))
        resources = DatasetGroupResources("trained", SCHEMA)
        Task("import").run(resources.import_())
        resources.solution()
    return resources
