"""What there is, asked from the outside: the service and S3 with boto3, Airflow by its REST API."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from tests.end_to_end.helpers import wait_for
from tests.end_to_end.pipeline_stack import RETRAIN, SHOP
from tests.resilience.stack import ResilienceStack

BUCKET, PREFIX = SHOP["bucket"], SHOP["prefix"]
COUNTED = "counted/"  # what the test itself writes to the bucket
DATASETS = {  # columns that the model knows, in its order
    "interactions": ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"),
    "users": ("USER_ID", "SEGMENT"),
    "items": ("ITEM_ID", "CATEGORY"),
}
ENDED = {"success", "failed"}


@dataclass
class Run:
    """A DAG run as Airflow has it.

    :ivar tasks: states by `task_id` or `task_id[index]`
    :ivar repeated: how often a person has let succeeded tasks of it be done again
    :ivar is_cleared: whether a person has cleared its failed tasks
    :ivar is_cut: whether a person has ended it while it worked
    """

    dag_id: str
    run_id: str
    state: str = "queued"
    tasks: Mapping[str, str | None] = field(default_factory=dict)
    repeated: int = 0
    is_cleared: bool = False
    is_cut: bool = False

    @property
    def failed_tasks(self) -> list[str]:
        return [task for task, state in self.tasks.items() if state == "failed"]

    def is_done(self, task: str) -> bool:
        return self.tasks.get(task) == "success"


class Observation:
    """Questions to the running stack."""

    def __init__(self, stack: ResilienceStack) -> None:
        self.stack = stack
        self.personalize, self.s3 = stack.aws("personalize"), stack.aws("s3")
        self._exports = 0

    def every(self, noun: str, **arguments: Any) -> list[dict[str, Any]]:
        """Everything of a kind that the service lists."""
        pages = self.personalize.get_paginator(f"list_{noun}").paginate(**arguments)
        return [
            entry for page in pages for value in page.values() if isinstance(value, list) for entry in value
        ]

    def rows(self, dataset: str) -> Iterator[tuple[str, ...]]:
        """All rows of a dataset, by an export job of the service."""
        arn = next(d["datasetArn"] for d in self.every("datasets") if d["datasetType"].lower() == dataset)
        self._exports += 1
        prefix = f"{COUNTED}{self._exports}/"
        job = self.personalize.create_dataset_export_job(
            jobName=f"count-{self._exports}",
            datasetArn=arn,
            roleArn=self.stack.aws("iam").get_role(RoleName=SHOP["role"])["Role"]["Arn"],
            ingestionMode="ALL",
            jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/{prefix}"}},
        )["datasetExportJobArn"]
        describe = self.personalize.describe_dataset_export_job
        wait_for(lambda: describe(datasetExportJobArn=job)["datasetExportJob"]["status"])
        for key in self.keys(prefix):
            if key.endswith(".csv"):
                text = self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()
                for row in csv.DictReader(io.StringIO(text)):
                    row = {name.upper(): value for name, value in row.items()}
                    yield tuple(row[name] for name in DATASETS[dataset])
            self.s3.delete_object(Bucket=BUCKET, Key=key)

    def keys(self, prefix: str) -> list[str]:
        """Keys of the bucket."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def history(self) -> list[dict[str, Any]]:
        """Every row of the history, in no order."""
        keys = self.keys(f"{PREFIX}/history/solution_versions/")
        bodies = (self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys)
        return [row for body in bodies for row in pq.read_table(io.BytesIO(body)).to_pylist()]

    def unfinished_uploads(self) -> list[str]:
        """Keys of multipart uploads that nobody has ended."""
        return [upload["Key"] for upload in self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())]

    def state(self, run: Run) -> str:
        return str(self.stack.airflow.run(run.dag_id, run.run_id)["state"])

    def tasks(self, run: Run) -> Mapping[str, str | None]:
        """Each task's state: much more of a question than the run's own."""
        return self.stack.states(run.dag_id, run.run_id)

    def runs(self, dag_id: str) -> list[str]:
        """The ids of a DAG's runs."""
        answer = self.stack.airflow.get(f"/dags/{dag_id}/dagRuns", limit=100, order_by="-run_after")
        return [run["dag_run_id"] for run in answer["dag_runs"]]

    def end_of(self, run: Run) -> str:
        """When a run ended, the last time; in the order of time."""
        return str(self.stack.airflow.run(run.dag_id, run.run_id)["end_date"])

    def version_of(self, run: Run) -> str | None:
        """The version that a run has trained."""
        if not run.is_done("solution.train[0]"):
            return None
        return str(self.stack.airflow.xcom(RETRAIN, run.run_id, "solution.train", 0))

    def campaign(self) -> dict[str, Any]:
        (campaign,) = self.every("campaigns")
        answer = self.personalize.describe_campaign(campaignArn=campaign["campaignArn"])
        return dict(answer["campaign"])

    def tracking_id(self) -> str:
        """Where the application's events go."""
        (tracker,) = self.every("event_trackers")
        answer = self.personalize.describe_event_tracker(eventTrackerArn=tracker["eventTrackerArn"])
        return str(answer["eventTracker"]["trackingId"])

    def messages(self, text: str, seconds: float = 0) -> list[str]:
        """Those messages that have a text, once there is one."""
        deadline = time.monotonic() + seconds
        while True:
            heard = [message for message in self.stack.slack.messages(0) if text in message]
            if heard or time.monotonic() > deadline:
                return heard
            time.sleep(0.3)
