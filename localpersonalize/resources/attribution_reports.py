"""Reports of metric attributions: to CloudWatch for streamed events, to S3 for imports that ask for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.queue import WorkerFailedError, job
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import may_write

if TYPE_CHECKING:
    from localpersonalize.database import Body
    from localpersonalize.service import Service

log = logging.getLogger(__name__)
NAMESPACE = "AWS/Personalize"


def events_came(service: Service, group_arn: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Measure streamed events, if the group has a metric attribution."""
    for attribution in _active(service, group_arn):
        service.jobs.submit("measure events", attribution["metricAttributionArn"], rows=list(rows))


def events_imported(service: Service, group_arn: str, import_job: Mapping[str, Any]) -> None:
    """Report on an import of interactions that asked for it (`publishAttributionMetricsToS3`)."""
    for attribution in _active(service, group_arn):
        if (
            import_job.get("publishAttributionMetricsToS3")
            and "s3DataDestination" in attribution["metricsOutputConfig"]
        ):
            imported = import_job["datasetImportJobArn"]
            service.jobs.submit("report on import", attribution["metricAttributionArn"], imported=imported)


def _active(service: Service, group_arn: str) -> list[Body]:
    found = service.store.all("MetricAttribution", group_arn)
    return [
        body for body in found if body["status"] in (lifecycle.ACTIVE, "UPDATE PENDING", "UPDATE IN_PROGRESS")
    ]


@job("measure events", minutes=0)
def measure_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    attribution = service.store.get(arn)
    if attribution is None:
        return
    import pyarrow as pa

    from localpersonalize.datasets.attribution import measure
    from localpersonalize.runtime.adapters import dataset_of

    items = dataset_of(service.store, attribution["datasetGroupArn"], "ITEMS")
    table = service.tables.whole(items) if items else None
    measured = measure(attribution["metrics"], pa.Table.from_pylist(details["rows"]), table)
    data = [
        {
            "MetricName": one.metric_name, "Timestamp": one.timestamp, "Value": one.value,
            "Dimensions": [{"Name": "EventAttributionSource", "Value": one.event_attribution_source}],
        }
        for one in measured
    ]  # fmt: skip
    if data:
        try:
            service.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=data)
        except (BotoCoreError, ClientError) as error:
            log.warning("no metrics of %s in CloudWatch: %s", arn, error)


@job("report on import", minutes=5, heavy=True)
def report_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    attribution, imported = service.store.get(arn), service.store.get(details["imported"])
    if attribution is None or imported is None:
        return
    output = attribution["metricsOutputConfig"]
    stem = f"AggregatedAttributionMetrics-{imported['importMode']}-{int(time.time())}.csv"
    location = f"{output['s3DataDestination']['path'].rstrip('/')}/{stem}"
    try:
        may_write(service, arn, output["roleArn"], location)
        service.jobs.work(arn, "attribution report", imported=details["imported"], location=location)
    except (WorkerFailedError, AccessRefusedError) as error:
        log.warning("no report for %s: %s", arn, error)
        service.store.change(arn, failureReason=str(error))
