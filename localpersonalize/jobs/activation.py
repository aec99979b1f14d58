"""What needs no work of its own (dataset groups, datasets, filters, trackers) goes through its states."""

from __future__ import annotations

from localpersonalize.jobs.job import JobContext
from localpersonalize.resource_types import ACTIVE, CREATE_IN_PROGRESS, CREATE_PENDING
from localpersonalize.resources.context import Context


def activate(context: Context, job: JobContext) -> None:
    body = context.database.get(job.arn)
    if body is None or body["status"] not in (CREATE_PENDING, CREATE_IN_PROGRESS):
        return
    context.database.change(job.arn, status=CREATE_IN_PROGRESS)
    job.wait_for_pace()
    with job.end(context.database):
        context.database.change(job.arn, status=ACTIVE)
