"""Which metric attributions report what."""

from __future__ import annotations

from typing import Any

from localpersonalize.resources.attribution_reports import measure_events, report_import
from tests.support.localpersonalize.in_process import InProcessService


def test_events_are_measured_and_imports_reported_where_that_was_asked_for(service: InProcessService) -> None:
    group = service.group()
    arn = service.create(
        "MetricAttribution",
        name="a",
        datasetGroupArn=group,
        metrics=[{"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": "r", "s3DataDestination": {"path": "s3://bucket/reports"}},
    )
    job: Any = {
        "datasetImportJobArn": "arn:job",
        "publishAttributionMetricsToS3": True,
        "importMode": "FULL",
    }
    measure_events(service.context, group, [{"EVENT_TYPE": "View"}])
    report_import(service.context, group, job)
    report_import(service.context, group, {**job, "publishAttributionMetricsToS3": False})
    measure_events(service.context, "arn:other", [])
    assert service.queue.submitted[-2:] == [("measure events", arn), ("report on import", arn)]
    incremental = {**job, "publishAttributionMetricsToS3": False, "importMode": "INCREMENTAL"}
    report_import(service.context, group, incremental)
    assert len(service.queue.submitted) == 2 + 3
    assert service.queue.submitted[-1] == ("report on import", arn)
