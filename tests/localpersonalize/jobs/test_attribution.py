"""Reports of metric attributions."""

from __future__ import annotations

import pytest

from localpersonalize.jobs.attribution import measure_events, report_import
from localpersonalize.jobs.task_runner import TaskFailedError
from tests.support.localpersonalize.in_process import InProcessService


def attribution(service: InProcessService, group: str) -> str:
    return service.create(
        "MetricAttribution",
        name="a",
        datasetGroupArn=group,
        metrics=[{"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": "r", "s3DataDestination": {"path": "s3://bucket/reports/"}},
    )


@pytest.mark.usefixtures("granted")
def test_a_report_that_fails_is_shown_and_ends_nothing(service: InProcessService) -> None:
    group = service.group()
    arn, dataset = attribution(service, group), service.interactions(group)
    source = {"dataLocation": "s3://bucket/in.csv"}
    imported = service.create(
        "DatasetImportJob",
        jobName="i",
        datasetArn=dataset,
        roleArn="r",
        dataSource=source,
        publishAttributionMetricsToS3=True,
    )
    report_import(service.context, service.job("report on import", arn, {"rows": 1}, imported=imported))
    ((task, details),) = service.tasks.ran
    assert task == "attribution report"
    assert details["location"].startswith("s3://bucket/reports/AggregatedAttributionMetrics-FULL-")
    failed = service.job("report on import", arn, TaskFailedError("No data."), imported=imported)
    report_import(service.context, failed)
    result = service.call("DescribeMetricAttribution", metricAttributionArn=arn)["metricAttribution"]
    assert (result["status"], result["failureReason"]) == ("ACTIVE", "No data.")


def test_events_that_no_metric_counts_send_nothing(service: InProcessService) -> None:
    arn = attribution(service, service.group())
    rows = [{"EVENT_TYPE": "Buy", "TIMESTAMP": 1, "ITEM_ID": "i"}]
    measure_events(service.context, service.job("measure events", arn, rows=rows))
