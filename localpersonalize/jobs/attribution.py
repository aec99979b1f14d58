"""Reports of metric attributions: events and incremental imports to CloudWatch, imports that ask for it to S3."""

from __future__ import annotations

import logging
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.datasets.attribution import as_table, measure
from localpersonalize.jobs.attribution_values import put_values
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import DATASET_IMPORT_JOB, METRIC_ATTRIBUTION
from localpersonalize.resources.access import require_metrics_access, require_report_access
from localpersonalize.resources.attribution_reports import INCREMENTAL, is_published
from localpersonalize.resources.context import Context
from localpersonalize.runtime.adapters import dataset_of, recommenders_of

log = logging.getLogger(__name__)


def measure_events(context: Context, job: JobContext) -> None:
    attribution = context.resources.find(METRIC_ATTRIBUTION, job.arn)
    if attribution is None:
        return
    group_arn = attribution["datasetGroupArn"]
    items_arn = dataset_of(context.database, group_arn, "ITEMS")
    items = context.tables.whole(items_arn) if items_arn else None
    metrics: Any = attribution["metrics"]
    events = as_table(job.details["rows"])
    values = measure(metrics, events, items, recommenders_of(context.database, group_arn))
    if not values:
        return
    try:
        require_metrics_access(context.clients, job.arn, attribution["metricsOutputConfig"]["roleArn"])
        put_values(context.clients.client("cloudwatch"), group_arn, values, time.time())
    except (BotoCoreError, ClientError, AccessRefusedError) as error:
        _show_failure(context, job, error)


def report_import(context: Context, job: JobContext) -> None:
    attribution = context.resources.find(METRIC_ATTRIBUTION, job.arn)
    imported = context.resources.find(DATASET_IMPORT_JOB, job.details["imported"])
    if attribution is None or imported is None:
        return
    output, mode = attribution["metricsOutputConfig"], imported["importMode"]
    location = None
    if is_published(imported, attribution):
        name = f"AggregatedAttributionMetrics-{mode}-{int(time.time())}.csv"
        location = f"{output['s3DataDestination']['path'].rstrip('/')}/{name}"
    try:
        if location:
            require_report_access(context.clients, job.arn, output["roleArn"], location)
        if mode == INCREMENTAL:
            require_metrics_access(context.clients, job.arn, output["roleArn"])
        job.run_task(
            "attribution report",
            imported=job.details["imported"],
            location=location,
            to_cloudwatch=mode == INCREMENTAL,
        )
    except (TaskFailedError, AccessRefusedError) as error:
        _show_failure(context, job, error)


def _show_failure(context: Context, job: JobContext, error: Exception) -> None:
    """What could not be reported ends nothing, but is to be seen."""
    log.warning("no report of %s: %s", job.arn, error)
    with job.end(context.database):
        context.resources.change(METRIC_ATTRIBUTION, job.arn, failureReason=str(error))
