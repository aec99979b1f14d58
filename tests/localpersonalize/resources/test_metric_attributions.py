"""Metric attributions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import (
    AlreadyExistsError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
)
from tests.support.localpersonalize.in_process import InProcessService

VIEWS = {"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}


def attribution(service: InProcessService, group: str, name: str = "a", **changes: str) -> str:
    return service.create(
        "MetricAttribution",
        name=name,
        datasetGroupArn=group,
        metrics=[{**VIEWS, **changes}],
        metricsOutputConfig={"roleArn": "r"},
    )


def test_metrics_are_added_and_removed_by_name(service: InProcessService) -> None:
    arn = attribution(service, service.group())
    buys = {**VIEWS, "metricName": "buys"}
    service.call(
        "UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=[buys], removeMetrics=["views"]
    )
    result = service.call("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
    assert [metric["metricName"] for metric in result] == ["buys"]
    assert service.status(arn) == "UPDATE PENDING"


def test_names_that_are_not_there_and_names_that_are(service: InProcessService) -> None:
    arn = attribution(service, service.group())
    with pytest.raises(NotFoundError, match="no metric none"):
        service.call("UpdateMetricAttribution", metricAttributionArn=arn, removeMetrics=["none"])
    with pytest.raises(AlreadyExistsError, match="views"):
        service.call("UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=[VIEWS])


def test_one_a_group(service: InProcessService) -> None:
    group = service.group()
    attribution(service, group)
    with pytest.raises(LimitExceededError, match="only one"):
        attribution(service, group, "b")


@pytest.mark.parametrize("expression", ["SUM()", "SAMPLECOUNT(Items.PRICE)", "SUM(Items.PRICE)", "AVG(x)"])
def test_expressions_that_cannot_be_summed(service: InProcessService, expression: str) -> None:
    with pytest.raises(InvalidInputError, match="Invalid expression"):
        attribution(service, service.group(), expression=expression)
