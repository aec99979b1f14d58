"""Metric attributions."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import (
    AlreadyExistsError,
    InvalidInputError,
    LimitExceededError,
    NotFoundError,
)
from tests.support.localpersonalize.contexts import Desk

VIEWS = {"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}


def attribution(desk: Desk, group: str, name: str = "a", **changes: str) -> str:
    return desk.create(
        "MetricAttribution",
        name=name,
        datasetGroupArn=group,
        metrics=[{**VIEWS, **changes}],
        metricsOutputConfig={"roleArn": "r"},
    )


def test_metrics_are_added_and_removed_by_name(desk: Desk) -> None:
    arn = attribution(desk, desk.group())
    buys = {**VIEWS, "metricName": "buys"}
    desk.call("UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=[buys], removeMetrics=["views"])
    found = desk.call("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
    assert [metric["metricName"] for metric in found] == ["buys"]
    assert desk.status(arn) == "UPDATE PENDING"


def test_names_that_are_not_there_and_names_that_are(desk: Desk) -> None:
    arn = attribution(desk, desk.group())
    with pytest.raises(NotFoundError, match="no metric none"):
        desk.call("UpdateMetricAttribution", metricAttributionArn=arn, removeMetrics=["none"])
    with pytest.raises(AlreadyExistsError, match="views"):
        desk.call("UpdateMetricAttribution", metricAttributionArn=arn, addMetrics=[VIEWS])


def test_one_a_group(desk: Desk) -> None:
    group = desk.group()
    attribution(desk, group)
    with pytest.raises(LimitExceededError, match="only one"):
        attribution(desk, group, "b")


@pytest.mark.parametrize("expression", ["SUM()", "SAMPLECOUNT(Items.PRICE)", "SUM(Items.PRICE)", "AVG(x)"])
def test_expressions_that_cannot_be_summed(desk: Desk, expression: str) -> None:
    with pytest.raises(InvalidInputError, match="Invalid expression"):
        attribution(desk, desk.group(), expression=expression)
