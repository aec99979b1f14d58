"""The collaborators of operations and jobs on a folder of a test, with a queue that only writes down what it gets."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

from localpersonalize.aws.clients import Clients
from localpersonalize.data_directory import open_data
from localpersonalize.fault_injection import Faults
from localpersonalize.jobs.job import DataLocks, JobContext
from localpersonalize.jobs.task_runner import TaskRunner
from localpersonalize.protocol.arns import AwsAccount
from localpersonalize.protocol.sigv4 import Credentials
from localpersonalize.quotas import Quotas
from localpersonalize.resources.context import Context, JobName
from localpersonalize.resources.operations import OPERATIONS
from localpersonalize.resources.repository import Repository
from localpersonalize.runtime.adapters import RuntimeSources, model_folder
from localpersonalize.runtime.engine import Runtime
from tests.support.localpersonalize.live import schema

INTERACTIONS = schema(
    "Interactions",
    ("USER_ID", "string"),
    ("ITEM_ID", "string"),
    ("TIMESTAMP", "long"),
    ("EVENT_TYPE", "string"),
)
USERS = schema("Users", ("USER_ID", "string"), ("AGE", "int"))
NOWHERE = "http://127.0.0.1:1"


class RecordingQueue:
    """Jobs that were submitted and workers that were stopped, in order."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, str]] = []
        self.stopped: list[str] = []

    def submit(self, name: JobName, arn: str, /, **details: Any) -> None:
        self.submitted.append((name, arn))

    def stop_worker(self, arn: str) -> None:
        self.stopped.append(arn)


class PlannedTasks:
    """In the place of worker processes: tasks end as planned, and are written down."""

    def __init__(self, outcome: Mapping[str, Any] | Exception, faults: Faults) -> None:
        self.outcome, self.faults = outcome, faults
        self.ran: list[tuple[str, Mapping[str, Any]]] = []

    def run(
        self, task: str, arn: str, group: str, on_progress: Any, details: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        self.ran.append((task, details))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class InProcessService:
    """Operations called as the server calls them, in a data directory of their own."""

    def __init__(self, folder: Path, quotas: Quotas | None = None) -> None:
        database, tables = open_data(folder)
        sources = RuntimeSources(database, tables, partial(model_folder, folder))
        self.queue = RecordingQueue()
        self.tasks = PlannedTasks({}, Faults())
        self.context = Context(
            account=AwsAccount(),
            quotas=quotas or Quotas(),
            database=database,
            resources=Repository(database),
            tables=tables,
            engine=Runtime(sources, sources),
            clients=Clients("us-east-1", NOWHERE, Credentials("k", "s")),
            jobs=self.queue,
            data_dir=folder,
        )

    def call(self, operation: str, **params: Any) -> Any:
        return OPERATIONS[operation](self.context, params)

    def create(self, kind: str, active: bool = True, **params: Any) -> str:
        """Create a resource; its ARN."""
        answer = self.call(f"Create{kind}", **params)
        (arn,) = (value for name, value in answer.items() if name.endswith("Arn"))
        if active:
            self.context.database.change(arn, status="ACTIVE")
        return str(arn)

    def status(self, arn: str) -> str:
        return str((self.context.database.get(arn) or {}).get("status"))

    def group(self, name: str = "shop", **params: Any) -> str:
        return self.create("DatasetGroup", name=name, **params)

    def interactions(self, group: str) -> str:
        """A dataset of interactions in a group."""
        made = self.create("Schema", active=False, name="interactions", schema=INTERACTIONS)
        return self.create(
            "Dataset", name="interactions", datasetType="Interactions", datasetGroupArn=group, schemaArn=made
        )

    def users(self, group: str) -> str:
        """A dataset of users in a group."""
        made = self.create("Schema", active=False, name="users", schema=USERS)
        return self.create(
            "Dataset", name="users", datasetType="Users", datasetGroupArn=group, schemaArn=made
        )

    def solution(self, group: str, name: str = "popular", **params: Any) -> str:
        recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
        return self.create("Solution", name=name, datasetGroupArn=group, recipeArn=recipe, **params)

    def version(self, solution: str, active: bool = True) -> str:
        return self.create("SolutionVersion", active, solutionArn=solution)

    def job(
        self,
        name: JobName,
        arn: str,
        outcome: Mapping[str, Any] | Exception | None = None,
        faults: Faults | None = None,
        **details: Any,
    ) -> JobContext:
        """A job as its function gets it.

        :param outcome: of the task that it runs: a result, or an error that is raised.
        """
        self.tasks = PlannedTasks(outcome or {}, faults or Faults())
        tasks = cast("TaskRunner", self.tasks)
        return JobContext(0, name, arn, "group", details, tasks, DataLocks(), 0.0, threading.Event())
