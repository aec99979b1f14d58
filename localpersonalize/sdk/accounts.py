"""A service, and the key that it is called with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials as BotoCredentials
from botocore.exceptions import ClientError

from localpersonalize.credentials import environment
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.state.client import StateClient

DATA = "localpersonalize-data"
"""Name of the bucket that data is imported from, and of the role that may read it."""

_SERVICE = {"Service": "personalize.amazonaws.com"}
_ALL_OF_S3 = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}


@dataclass(frozen=True)
class Account:
    """Makes clients, saves and resets."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str = "us-east-1"

    @classmethod
    def of_environment(cls, environ: Mapping[str, str] = os.environ) -> Account:
        """From the variables that SDKs read.

        :raises KeyError: naming the one that is missing.
        """
        return cls(
            environ["AWS_ENDPOINT_URL"],
            environ["AWS_ACCESS_KEY_ID"],
            environ["AWS_SECRET_ACCESS_KEY"],
            environ.get("AWS_REGION", "us-east-1"),
        )

    @property
    def environment(self) -> dict[str, str]:
        """What lets every SDK call this service, without a line in the application."""
        keys = Credentials(self.access_key_id, self.secret_access_key)
        return environment(self.endpoint, keys, self.region)

    def client(self, service: str, **options: Any) -> Any:
        """A boto3 client of `personalize`, `personalize-runtime`, `personalize-events`, `s3`, `iam`, ...

        :param options: of `boto3.client`, instead of these.
        """
        defaults = {
            "endpoint_url": self.endpoint,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "config": Config(proxies={}),
        }
        make: Any = boto3.client  # its stubs know names of services only
        return make(service, **{**defaults, **options})

    def reset(self) -> None:
        """Remove all that the account has; jobs that run end."""
        self._state().reset()

    def save(self, file: Path) -> None:
        """Write all that the account has to an archive."""
        self._state().save(file)

    def load(self, file: Path) -> None:
        """Put an archive in the place of all that the account has."""
        self._state().load(file)

    def upload(self, key: str, content: bytes) -> str:
        """Put an object where imports may read it; its location. The bucket is made if there is none."""
        s3 = self.client("s3")
        try:
            s3.put_object(Bucket=DATA, Key=key, Body=content)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
            s3.create_bucket(Bucket=DATA)
            s3.put_bucket_policy(Bucket=DATA, Policy=_policy({**_ALL_OF_S3, "Principal": _SERVICE}))
            s3.put_object(Bucket=DATA, Key=key, Body=content)
        return f"s3://{DATA}/{key}"

    def role(self) -> str:
        """ARN of a role that Personalize may take and that may use S3; made if there is none."""
        iam = self.client("iam")
        try:
            return str(iam.get_role(RoleName=DATA)["Role"]["Arn"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
        trust = _policy({"Effect": "Allow", "Principal": _SERVICE, "Action": "sts:AssumeRole"})
        made = iam.create_role(RoleName=DATA, AssumeRolePolicyDocument=trust)
        iam.put_role_policy(RoleName=DATA, PolicyName=DATA, PolicyDocument=_policy(_ALL_OF_S3))
        return str(made["Role"]["Arn"])

    def _state(self) -> StateClient:
        keys = BotoCredentials(self.access_key_id, self.secret_access_key)
        return StateClient(self.endpoint, keys, self.region)


def _policy(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
