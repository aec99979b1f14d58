"""Deletions: what a resource holds beside its row goes first, then the row."""

from __future__ import annotations

import shutil

from localpersonalize.jobs.job import JobContext
from localpersonalize.resource_types import SOLUTION_VERSION
from localpersonalize.resources.context import Context


def delete(context: Context, job: JobContext) -> None:
    body = context.database.get(job.arn)
    if body is None or body["status"] not in ("DELETE PENDING", "DELETE IN_PROGRESS"):
        return  # a newer one of the same name
    context.database.change(job.arn, status="DELETE IN_PROGRESS")
    job.wait_for_pace()
    _release(context, job.details["kind"], job.arn)
    with job.end(context.database):
        for version in context.resources.all(SOLUTION_VERSION, job.arn):
            context.resources.remove(version["solutionVersionArn"])
        context.resources.remove(job.arn)


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
