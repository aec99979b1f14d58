"""Values in CloudWatch."""

from __future__ import annotations

from typing import Any

from localpersonalize.datasets.attribution import MetricValue
from localpersonalize.jobs.attribution_values import MAX_AGE_SECONDS, VALUES_PER_REQUEST, put_values

NOW = 1_700_000_000


class CloudWatch:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def put_metric_data(self, **params: Any) -> None:
        self.requests.append(params)


def value(timestamp: int) -> MetricValue:
    return MetricValue("COUNTVIEWS", "VIEW", 2.0, "samplecount", "MAIL", timestamp)


def test_values_have_the_dimensions_that_the_notebook_asks_for() -> None:
    cloudwatch = CloudWatch()
    assert put_values(cloudwatch, "arn:group", [value(NOW)], NOW) == 1
    (request,) = cloudwatch.requests
    (data,) = request["MetricData"]
    assert request["Namespace"] == "AWS/Personalize"
    assert (data["MetricName"], data["Timestamp"], data["Value"]) == ("COUNTVIEWS", NOW, 2.0)
    assert {entry["Name"]: entry["Value"] for entry in data["Dimensions"]} == {
        "EventAttributionSource": "MAIL",
        "DatasetGroupArn": "arn:group",
    }


def test_what_is_older_than_two_weeks_is_left_out_and_many_come_in_parts() -> None:
    cloudwatch = CloudWatch()
    assert put_values(cloudwatch, "arn:group", [value(NOW - MAX_AGE_SECONDS - 1)], NOW) == 0
    assert cloudwatch.requests == []
    assert (
        put_values(cloudwatch, "arn:group", [value(NOW)] * (VALUES_PER_REQUEST + 1), NOW) > VALUES_PER_REQUEST
    )
    assert [len(request["MetricData"]) for request in cloudwatch.requests] == [VALUES_PER_REQUEST, 1]
