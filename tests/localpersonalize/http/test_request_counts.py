"""How often campaigns were asked, on the way to CloudWatch."""

from __future__ import annotations

from typing import Any, cast

from localpersonalize.aws.clients import Clients
from localpersonalize.http.request_counts import RequestCounts

REQUEST = {"campaignArn": "arn:aws:personalize:us-east-1:1:campaign/c"}


class CloudWatch:
    """What is put, taken down; asked in turn while it is put, as other requests are."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self.counts = RequestCounts(cast("Clients", self))

    def client(self, service: str) -> Any:
        return self

    def put_metric_data(self, Namespace: str, MetricData: list[dict[str, Any]]) -> None:
        self.counts.add("GetRecommendations", REQUEST)
        self.values += [entry["Value"] for entry in MetricData]


def test_each_answer_is_put_once_also_one_that_comes_meanwhile() -> None:
    cloudwatch = CloudWatch()
    for _ in range(3):
        cloudwatch.counts.add("GetRecommendations", REQUEST)
    cloudwatch.counts.add("GetActionRecommendations", REQUEST)
    cloudwatch.counts.publish(cloudwatch.counts.take())
    cloudwatch.counts.publish(cloudwatch.counts.take())
    assert sum(cloudwatch.values) == 4
    assert len(cloudwatch.values) in (2, 3)  # the minute may have changed
