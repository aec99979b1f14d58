"""Updates that only change settings, of solutions and metric attributions, or the schema of a dataset."""

from __future__ import annotations

from localpersonalize.jobs.job import JobContext
from localpersonalize.resource_types import ACTIVE, DATASET, METRIC_ATTRIBUTION, SOLUTION, Status
from localpersonalize.resources.context import Context
from localpersonalize.resources.solutions import UPDATABLE
from localpersonalize.resources.updates import ended


def update_dataset(context: Context, job: JobContext) -> None:
    """The state of an update is the dataset's own, and that of its latest update."""
    dataset = context.resources.find(DATASET, job.arn)
    if dataset is None:
        return
    update = dataset["latestDatasetUpdate"]
    changing: Status = "UPDATE IN_PROGRESS"
    context.resources.change(DATASET, job.arn, status=changing, latestDatasetUpdate=ended(update, changing))
    job.wait_for_pace()
    schema_arn = job.details["schemaArn"]
    with job.end(context.database):
        context.resources.change(
            DATASET, job.arn, status=ACTIVE, schemaArn=schema_arn, latestDatasetUpdate=ended(update)
        )


def update_solution(context: Context, job: JobContext) -> None:
    job.wait_for_pace()
    solution = context.resources.find(SOLUTION, job.arn)
    if solution is None:
        return
    latest = ended(solution["latestSolutionUpdate"])
    switches = {name: latest[name] for name in UPDATABLE if name in latest}
    config = {**solution["solutionConfig"], **latest["solutionUpdateConfig"]}
    with job.end(context.database):
        context.resources.change(
            SOLUTION, job.arn, latestSolutionUpdate=latest, solutionConfig=config, **switches
        )


def update_metric_attribution(context: Context, job: JobContext) -> None:
    context.resources.change(METRIC_ATTRIBUTION, job.arn, status="UPDATE IN_PROGRESS")
    job.wait_for_pace()
    with job.end(context.database):
        context.resources.change(METRIC_ATTRIBUTION, job.arn, status=ACTIVE)
