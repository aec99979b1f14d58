"""Clients of the account's own S3, IAM and CloudWatch; the one place that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from localpersonalize.protocol.sigv4 import Credentials

MAX_ATTEMPTS = 3

Service = Literal["s3", "iam", "cloudwatch"]


@dataclass(frozen=True)
class Clients:
    """Makes boto3 clients.

    `endpoint` is that of moto; `s3_endpoint` that of another S3, if there is one.
    """

    region: str
    endpoint: str
    credentials: Credentials
    s3_endpoint: str | None = None

    def client(self, service: Service) -> Any:
        """A client of one service; made anew, since a session's first client costs what all others share."""
        import boto3  # takes a part of a second, which neither the start nor a worker should wait for
        from botocore.config import Config

        other_s3 = self.s3_endpoint if service == "s3" else None
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=other_s3 or self.endpoint,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(proxies={}, retries={"max_attempts": MAX_ATTEMPTS}),
        )

    def to_json(self) -> dict[str, Any]:
        """As a worker process gets it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Clients:
        return cls(**{**values, "credentials": Credentials(**values["credentials"])})


def load_models() -> None:
    """Let the default session read the model of S3, which later clients share; no request is made."""
    Clients("us-east-1", "http://127.0.0.1", Credentials("-", "-")).client("s3")
