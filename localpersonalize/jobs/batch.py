"""Batch inference and batch segment jobs: a worker answers the files of the input into files of the output."""

from __future__ import annotations

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import (
    ACTIVE,
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    CREATE_FAILED,
    BatchJob,
    ResourceKind,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_read_access, require_write_access
from localpersonalize.resources.context import Context


def run_batch(context: Context, job: JobContext) -> None:
    inference = job.details["task"] == "batch-inference-job"
    kind: ResourceKind[BatchJob] = BATCH_INFERENCE_JOB if inference else BATCH_SEGMENT_JOB
    batch = lifecycle.begin(context, kind, job.arn)
    if batch is None:
        return
    source = batch["jobInput"]["s3DataSource"]["path"]
    target = batch["jobOutput"]["s3DataDestination"]["path"]
    try:
        require_read_access(context.clients, job.arn, batch["roleArn"], source)
        require_write_access(context.clients, job.arn, batch["roleArn"], target)
        done = job.run_task(job.details["task"])
    except (TaskFailedError, AccessRefusedError) as error:
        with job.end(context.database):
            context.resources.change(kind, job.arn, status=CREATE_FAILED, failureReason=str(error))
        return
    job.wait_for_pace()
    with job.end(context.database):
        context.resources.change(kind, job.arn, status=ACTIVE, _done=done)
