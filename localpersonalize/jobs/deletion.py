"""Deletions: what a resource holds beside its row goes first, then the row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from typing import Any

from localpersonalize.jobs.job import JobContext
from localpersonalize.resource_types import (
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    DATA_DELETION_JOB,
    DATASET,
    DATASET_EXPORT_JOB,
    DATASET_GROUP,
    DATASET_IMPORT_JOB,
    SOLUTION,
    SOLUTION_VERSION,
    ResourceKind,
)
from localpersonalize.resources.context import Context

VISIBLE_SECONDS = 0.25
"""How long each state of a deletion is shown at least. Clients describe what they have just deleted, and take a first
answer that it is not there for a mistake; in the service a deletion takes longer than that."""
OWNED: Mapping[str, tuple[ResourceKind[Any], ...]] = {
    DATASET.name: (DATASET_IMPORT_JOB, DATASET_EXPORT_JOB),
    DATASET_GROUP.name: (DATA_DELETION_JOB,),
    SOLUTION.name: (SOLUTION_VERSION,),
    SOLUTION_VERSION.name: (BATCH_INFERENCE_JOB, BATCH_SEGMENT_JOB),
}
"""By kind, what goes with one: a resource made again under its name begins without, and their names are free."""


def delete(context: Context, job: JobContext) -> None:
    resource = context.database.get(job.arn)
    if resource is None or resource["status"] not in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        return  # a newer one of the same name
    job.wait(VISIBLE_SECONDS)
    context.database.change(job.arn, status="DELETE IN_PROGRESS")
    job.wait(VISIBLE_SECONDS)
    job.wait_for_pace()
    _release(context, job.details["kind"], job.arn)
    with job.end(context.database):
        for arn in _owned(context, job.details["kind"], job.arn):
            context.resources.remove(arn)
        context.resources.remove(job.arn)
    match job.details["kind"]:
        case DATASET.name:
            context.engine.data_changed(resource["datasetGroupArn"])
        case DATASET_GROUP.name:
            context.engine.forget(job.arn)


def _owned(context: Context, kind: str, arn: str) -> Iterator[str]:
    """ARNs of all that goes with a resource, and with that in turn."""
    for owned in OWNED.get(kind, ()):
        for body in context.resources.all(owned, arn):
            yield body[owned.arn_member]
            yield from _owned(context, owned.name, body[owned.arn_member])


def _release(context: Context, kind: str, arn: str) -> None:
    """Let go of the data, models and deployments of a resource."""
    match kind:
        case "Dataset":
            context.database.forget_dataset(arn)
            shutil.rmtree(context.tables.version_folder(arn, "x").parent, ignore_errors=True)
        case "Solution":
            for version in context.resources.all(SOLUTION_VERSION, arn):
                _remove_model(context, version["solutionVersionArn"])
        case "Campaign" | "Filter":
            context.engine.withdraw(arn)
        case "Recommender":
            context.engine.withdraw(arn)
            _remove_model(context, arn)


def _remove_model(context: Context, arn: str) -> None:
    shutil.rmtree(context.model_folder(arn), ignore_errors=True)
