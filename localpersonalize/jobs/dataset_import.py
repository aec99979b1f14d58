"""Dataset import jobs: a worker reads the CSV files, and the dataset names the new version of its data."""

from __future__ import annotations

import logging

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import ACTIVE, CREATE_FAILED, DATASET, DATASET_IMPORT_JOB
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_read_access
from localpersonalize.resources.attribution_reports import report_import
from localpersonalize.resources.context import Context

log = logging.getLogger(__name__)


def import_dataset(context: Context, job: JobContext) -> None:
    import_job = lifecycle.begin(context, DATASET_IMPORT_JOB, job.arn)
    if import_job is None:
        return
    dataset_arn, resources = import_job["datasetArn"], context.resources
    with job.data_locks([dataset_arn]):  # an import builds on what the one before it left
        try:
            location = import_job["dataSource"]["dataLocation"]
            require_read_access(context.clients, job.arn, import_job["roleArn"], location)
            done = job.run_task("import")
        except (TaskFailedError, AccessRefusedError) as error:
            with job.end(context.database):
                resources.change(DATASET_IMPORT_JOB, job.arn, status=CREATE_FAILED, failureReason=str(error))
            return
        job.wait_for_pace()
        dataset = resources.find(DATASET, dataset_arn)
        before = dataset.get("_versions", []) if dataset else []
        with job.end(context.database):
            resources.change(DATASET, dataset_arn, _versions=done["versions"])
            resources.change(
                DATASET_IMPORT_JOB, job.arn, status=ACTIVE, _rows=done["rows"], _truncated=done["truncated"]
            )
            if dataset and dataset["datasetType"] == "INTERACTIONS":
                report_import(context, dataset["datasetGroupArn"], import_job)
        for field, count in done["truncated"].items():
            log.warning("%s: cut off %d texts of %s at the limit of characters", job.arn, count, field)
        # What a training may be reading just now stays until the next import.
        context.tables.drop_versions(dataset_arn, [*before, *done["versions"]])
    if dataset:
        context.engine.data_changed(dataset["datasetGroupArn"])
