"""Reports of metric attributions: to CloudWatch for streamed events and incremental imports, to S3 for imports that ask
for it. Source: the developer guide, "Measuring the impact of recommendations".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localpersonalize.resource_types import (
    ACTIVE,
    METRIC_ATTRIBUTION,
    DatasetImportJob,
    MetricAttribution,
)
from localpersonalize.resources.context import Context

INCREMENTAL = "INCREMENTAL"


def measure_events(context: Context, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Measure streamed events, if the group has a metric attribution."""
    for attribution in _active(context, group_arn):
        context.jobs.submit("measure events", attribution["metricAttributionArn"], rows=list(rows))


def report_import(context: Context, group_arn: str, import_job: DatasetImportJob) -> None:
    """Report on an import of interactions, if it was incremental or asked for a file."""
    for attribution in _active(context, group_arn):
        if import_job["importMode"] == INCREMENTAL or is_published(import_job, attribution):
            context.jobs.submit(
                "report on import",
                attribution["metricAttributionArn"],
                imported=import_job["datasetImportJobArn"],
            )


def is_published(import_job: DatasetImportJob, attribution: MetricAttribution) -> bool:
    """Whether an import asked for a report in S3 (`publishAttributionMetricsToS3`), and there is a place for one."""
    is_requested = import_job.get("publishAttributionMetricsToS3", False)
    return is_requested and "s3DataDestination" in attribution["metricsOutputConfig"]


def _active(context: Context, group_arn: str) -> list[MetricAttribution]:
    attributions = context.resources.all(METRIC_ATTRIBUTION, group_arn)
    return [
        body for body in attributions if body["status"] in (ACTIVE, "UPDATE PENDING", "UPDATE IN_PROGRESS")
    ]
