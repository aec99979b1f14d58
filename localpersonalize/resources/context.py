"""What operations and jobs work with. It is put together in `localpersonalize.application`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from localpersonalize.aws.clients import Clients
from localpersonalize.database import Database
from localpersonalize.datasets.tables import Tables
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.quotas import Quotas
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import model_folder
from localpersonalize.runtime.engine import Runtime

Params = Mapping[str, Any]
"""A request's parameters, checked against the service model."""
Answer = Mapping[str, Any]
"""What an operation answers, by the names of the service model."""
JobName = Literal[
    "become active",
    "import",
    "export",
    "delete users",
    "update dataset",
    "update solution",
    "train",
    "deploy",
    "redeploy",
    "train recommender",
    "update recommender",
    "stop recommender",
    "start recommender",
    "update metric attribution",
    "measure events",
    "report on import",
    "batch",
    "delete",
]
"""As the database keeps unfinished jobs; what each one does: `localpersonalize.jobs.job_types`."""


class JobQueue(Protocol):
    """What operations need of the queue."""

    def submit(self, name: JobName, arn: str, /, **details: Any) -> None:
        """Promise to do a job for a resource; durable when this returns."""

    def stop_worker(self, arn: str) -> None:
        """Stop the worker of a resource, or keep it from starting."""


@dataclass(frozen=True)
class Context:
    """The collaborators of one account in one region."""

    account: AwsAccount
    quotas: Quotas
    database: Database
    resources: Repository
    tables: Tables
    engine: Runtime
    clients: Clients
    jobs: JobQueue
    data_dir: Path

    def model_folder(self, arn: str) -> Path:
        """Where the model of a solution version or a recommender is kept."""
        return model_folder(self.data_dir, arn)
