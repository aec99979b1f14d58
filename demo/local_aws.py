"""The local AWS endpoint, and what an account needs before Encore can use it: a bucket and a role."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from demo.processes import Process, wait_until
from demo.settings import ACCOUNT, REGION, ROOT, Settings

READY_SECONDS = 60


def start(
    settings: Settings, extra_arguments: tuple[str, ...] = (), extra_env: Mapping[str, str] | None = None
) -> Process:
    """Start `localpersonalize` and return when it answers."""
    command = [
        sys.executable,
        "-m",
        "localpersonalize",
        "--host",
        "127.0.0.1",
        "--port",
        str(settings.ports.aws),
        "--data-dir",
        str(settings.home / "aws"),
        "--region",
        REGION,
        "--account",
        ACCOUNT,
        *extra_arguments,
    ]
    env = {**os.environ, **credentials(settings), "PYTHONPATH": str(ROOT), **(extra_env or {})}
    process = Process.start(
        "localpersonalize", command, env, settings.home / "logs" / "localpersonalize.log", ROOT
    )
    wait_until(lambda: _answers(settings), [process], READY_SECONDS, "localpersonalize")
    return process


def credentials(settings: Settings) -> Mapping[str, str]:
    """The key pair, as the environment variables that AWS SDKs read."""
    return {
        "AWS_ACCESS_KEY_ID": settings.secrets.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": settings.secrets.aws_secret_access_key,
        "AWS_DEFAULT_REGION": REGION,
    }


def client(settings: Settings, service: str, endpoint: str | None = None) -> Any:
    """A boto3 client of the local endpoint, or of what stands before it."""
    made: Any = boto3.client  # its types want the service's name as a literal
    return made(
        service,
        region_name=REGION,
        endpoint_url=endpoint or settings.aws_endpoint,
        aws_access_key_id=settings.secrets.aws_access_key_id,
        aws_secret_access_key=settings.secrets.aws_secret_access_key,
        config=Config(retries={"max_attempts": 3}, proxies={}),
    )


def prepare_account(settings: Settings, bucket: str, role: str) -> None:
    """Make the bucket that Personalize may read and write, and the role that it takes to do so."""
    s3, iam = client(settings, "s3"), client(settings, "iam")
    if bucket not in {entry["Name"] for entry in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_bucket_policy(bucket)))
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(_trust_policy()))
    iam.put_role_policy(RoleName=role, PolicyName=bucket, PolicyDocument=json.dumps(_role_policy(bucket)))


def _answers(settings: Settings) -> bool:
    try:
        client(settings, "personalize").list_dataset_groups(maxResults=1)
        client(settings, "s3").list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True


def _trust_policy() -> dict[str, Any]:
    return _policy(Principal={"Service": "personalize.amazonaws.com"}, Action="sts:AssumeRole")


def _bucket_policy(bucket: str) -> dict[str, Any]:
    return _policy(Principal={"Service": "personalize.amazonaws.com"}, **_bucket_access(bucket))


def _role_policy(bucket: str) -> dict[str, Any]:
    policy = _policy(**_bucket_access(bucket))
    policy["Statement"] += _policy(Action=["cloudwatch:PutMetricData"], Resource=["*"])["Statement"]
    return policy


def _bucket_access(bucket: str) -> dict[str, Any]:
    return {
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }


def _policy(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
