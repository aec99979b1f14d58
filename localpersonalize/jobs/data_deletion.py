"""Data deletion jobs: a worker writes the datasets of a group again without some users."""

from __future__ import annotations

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import DATA_DELETION_JOB, DATASET
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_read_access
from localpersonalize.resources.context import Context


def delete_users(context: Context, job: JobContext) -> None:
    deletion = lifecycle.begin(context, DATA_DELETION_JOB, job.arn, "IN_PROGRESS")
    if deletion is None:
        return
    group_arn, resources = deletion["datasetGroupArn"], context.resources
    datasets = [dataset["datasetArn"] for dataset in resources.all(DATASET, group_arn)]
    with job.data_locks(datasets):
        try:
            location = deletion["dataSource"]["dataLocation"]
            require_read_access(context.clients, job.arn, deletion["roleArn"], location)
            done = job.run_task("delete users")
        except (TaskFailedError, AccessRefusedError) as error:
            with job.end(context.database):
                resources.change(DATA_DELETION_JOB, job.arn, status="FAILED", failureReason=str(error))
            return
        job.wait_for_pace()
        with job.end(context.database):
            for dataset_arn, versions in done["versions"].items():
                resources.change(DATASET, dataset_arn, _versions=versions)
            deleted = done["rows"] + context.database.forget_users(datasets, done["users"])
            resources.change(DATA_DELETION_JOB, job.arn, status="COMPLETED", numDeleted=deleted)
        for dataset_arn, versions in done["versions"].items():
            context.tables.drop_versions(dataset_arn, versions)
    context.engine.data_changed(group_arn)
