"""Dataset export jobs: a worker writes the dataset to S3."""

from __future__ import annotations

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import ACTIVE, CREATE_FAILED, DATASET_EXPORT_JOB
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_write_access
from localpersonalize.resources.context import Context


def export_dataset(context: Context, job: JobContext) -> None:
    export_job = lifecycle.begin(context, DATASET_EXPORT_JOB, job.arn)
    if export_job is None:
        return
    try:
        location = export_job["jobOutput"]["s3DataDestination"]["path"]
        require_write_access(context.clients, job.arn, export_job["roleArn"], location)
        done = job.run_task("export")
    except (TaskFailedError, AccessRefusedError) as error:
        reason = str(error)
        with job.end(context.database):
            context.resources.change(DATASET_EXPORT_JOB, job.arn, status=CREATE_FAILED, failureReason=reason)
        return
    job.wait_for_pace()
    with job.end(context.database):
        context.resources.change(DATASET_EXPORT_JOB, job.arn, status=ACTIVE, _done=done)
