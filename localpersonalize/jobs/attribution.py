"""Reports of metric attributions: streamed events to CloudWatch, imports to S3."""

from __future__ import annotations

import logging
import time
from typing import Any

import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.datasets.attribution import measure
from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import DATASET_IMPORT_JOB, METRIC_ATTRIBUTION
from localpersonalize.resources.access import require_write_access
from localpersonalize.resources.context import Context
from localpersonalize.runtime.adapters import dataset_of

log = logging.getLogger(__name__)
NAMESPACE = "AWS/Personalize"


def measure_events(context: Context, job: JobContext) -> None:
    attribution = context.resources.find(METRIC_ATTRIBUTION, job.arn)
    if attribution is None:
        return
    items_arn = dataset_of(context.database, attribution["datasetGroupArn"], "ITEMS")
    items = context.tables.whole(items_arn) if items_arn else None
    metrics: Any = attribution["metrics"]
    data = [
        {
            "MetricName": measured.metric_name,
            "Timestamp": measured.timestamp,
            "Value": measured.value,
            "Dimensions": [{"Name": "EventAttributionSource", "Value": measured.event_attribution_source}],
        }
        for measured in measure(metrics, pa.Table.from_pylist(job.details["rows"]), items)
    ]
    if data:
        try:
            context.clients.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (BotoCoreError, ClientError) as error:
            log.warning("no metrics of %s in CloudWatch: %s", job.arn, error)


def report_import(context: Context, job: JobContext) -> None:
    attribution = context.resources.find(METRIC_ATTRIBUTION, job.arn)
    imported = context.resources.find(DATASET_IMPORT_JOB, job.details["imported"])
    if attribution is None or imported is None:
        return
    output = attribution["metricsOutputConfig"]
    name = f"AggregatedAttributionMetrics-{imported['importMode']}-{int(time.time())}.csv"
    location = f"{output['s3DataDestination']['path'].rstrip('/')}/{name}"
    try:
        require_write_access(context.clients, job.arn, output["roleArn"], location)
        job.run_task("attribution report", imported=job.details["imported"], location=location)
    except (TaskFailedError, AccessRefusedError) as error:
        log.warning("no report for %s: %s", job.arn, error)
        with job.end(context.database):
            context.resources.change(METRIC_ATTRIBUTION, job.arn, failureReason=str(error))
