"""One account in one region: its resources, data, jobs and campaigns, and the way to its S3 and IAM."""

from __future__ import annotations

import socket
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from localpersonalize.database import FILE, Body, Database
from localpersonalize.datasets.tables import Tables
from localpersonalize.fault_injection import Faults
from localpersonalize.jobs.queue import Jobs
from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.quotas import Quotas
from localpersonalize.runtime.adapters import RuntimeSources, model_folder
from localpersonalize.runtime.engine import Runtime


@dataclass(frozen=True)
class Settings:
    """What the command line says. `pace` is the factor of the real service's minutes that jobs take at least."""

    data_dir: Path
    region: str = "us-east-1"
    account: str = "123456789012"
    pace: float = 0.0
    s3_endpoint: str | None = None
    quotas: Quotas = field(default_factory=Quotas)


@dataclass
class Service:
    """Handlers get this, and reach everything through it."""

    settings: Settings
    credentials: Credentials
    aws_endpoint: str
    faults: Faults = field(default_factory=Faults)
    store: Database = field(init=False)
    tables: Tables = field(init=False)
    runtime: Runtime = field(init=False)
    jobs: Jobs = field(init=False)

    def __post_init__(self) -> None:
        self.store = Database(self.settings.data_dir / FILE)
        self.tables = Tables(self.store, self.settings.data_dir / "datasets")
        sources = RuntimeSources(self.store, self.tables, self.model_folder)
        self.runtime = Runtime(sources, sources)
        self.jobs = Jobs(self)

    def arn(self, *parts: str) -> str:
        return f"arn:aws:personalize:{self.settings.region}:{self.settings.account}:{'/'.join(parts)}"

    def require(self, arn: str, kind: str) -> Body:
        """The resource of this ARN.

        :raises NotFoundError: if there is none, or it is of another kind.
        """
        body = self.store.get(arn)
        if body is None or self.store.kind_of(arn) != kind:
            raise NotFoundError(f"Could not find a resource of kind {kind} with Amazon Resource Name {arn}.")
        return body

    def model_folder(self, solution_version_arn: str) -> Path:
        """Where the model of a solution version is kept."""
        return model_folder(self.settings.data_dir, solution_version_arn)

    def serving(self) -> list[str]:
        """ARNs of the campaigns and recommenders that answer requests."""
        found = [*self.store.all("Campaign"), *self.store.all("Recommender")]
        active = (body for body in found if body["status"] == "ACTIVE")
        return [body.get("campaignArn") or body["recommenderArn"] for body in active]

    def client(self, service: str) -> Any:
        """A client of the account's own S3, IAM or STS."""
        own_s3 = service == "s3" and self.settings.s3_endpoint
        return boto3.client(
            service,
            region_name=self.settings.region,
            endpoint_url=self.settings.s3_endpoint if own_s3 else self.aws_endpoint,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(proxies={}, retries={"max_attempts": 3}),
        )

    def health(self) -> dict[str, str]:
        """What the service depends on: `ok`, or what is wrong with it."""
        found = {}
        try:
            self.store.counts()
            found["store"] = "ok"
        except sqlite3.Error as error:
            found["store"] = str(error)
        address = urlsplit(self.aws_endpoint)
        try:
            socket.create_connection((address.hostname or "", address.port or 80), 2).close()
            found["aws"] = "ok"
        except OSError as error:
            found["aws"] = f"{self.aws_endpoint}: {error}"
        return found

    def close(self) -> None:
        self.jobs.stop()
        self.store.close()
