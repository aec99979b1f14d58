"""What CloudWatch has of a metric attribution, and how often campaigns were asked.

Source: the developer guide, "Event metrics and attribution reports" (a `recommendationId` is reported under the ARN of
its campaign) and "CloudWatch metrics for Amazon Personalize"; dimensions as in AWS's notebook on measuring impact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from encore.online.readings import HOUR, Readings

NAMESPACE = "AWS/Personalize"
GROUP, SOURCE, CAMPAIGN = "DatasetGroupArn", "EventAttributionSource", "CampaignArn"
REQUESTS = ("GetRecommendations", "GetPersonalizedRanking")
MOST_QUERIES = 500  # of one request

Dimensions = dict[str, str]
Point = tuple[str, Dimensions, datetime, float]


def read(
    client: Any,
    group_arn: str,
    metrics: Sequence[str],
    campaigns: Sequence[str],
    since: datetime,
    until: datetime,
) -> Readings:
    """
    :param client: of CloudWatch
    :param metrics: names of the attribution's metrics
    :param campaigns: ARNs of those whose answers are counted
    :param since: a whole hour, UTC; `until` likewise
    :raises botocore.exceptions.ClientError: if it may not be read
    """
    names = {metric.upper() for metric in metrics}
    queries = [
        (name, dimensions)
        for name, dimensions in _listed(client)
        if (dimensions.get(GROUP) == group_arn and name in names and SOURCE in dimensions)
        or (dimensions.get(CAMPAIGN) in campaigns and name in REQUESTS)
    ]
    sums: dict[tuple[str, str, datetime], float] = {}
    requests: dict[tuple[str, datetime], float] = {}
    for name, dimensions, hour, value in _points(client, queries, since, until):
        if SOURCE in dimensions:
            sums[name, dimensions[SOURCE], hour] = value
        else:
            key = dimensions[CAMPAIGN], hour
            requests[key] = requests.get(key, 0.0) + value
    return Readings(sums, requests)


def _listed(client: Any) -> Iterator[tuple[str, Dimensions]]:
    """The metrics of the account that had values in the last two weeks."""
    for page in client.get_paginator("list_metrics").paginate(Namespace=NAMESPACE):
        for metric in page["Metrics"]:
            yield metric["MetricName"], {entry["Name"]: entry["Value"] for entry in metric["Dimensions"]}


def _points(
    client: Any, questions: Sequence[tuple[str, Dimensions]], since: datetime, until: datetime
) -> Iterator[Point]:
    for start in range(0, len(questions), MOST_QUERIES):
        part = questions[start : start + MOST_QUERIES]
        queries = [_query(number, name, dimensions) for number, (name, dimensions) in enumerate(part)]
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=since, EndTime=until
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                name, dimensions = part[int(result["Id"][1:])]
                for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                    yield name, dimensions, time.astimezone(UTC), float(value)


def _query(number: int, name: str, dimensions: Dimensions) -> dict[str, Any]:
    return {
        "Id": f"m{number}",
        "MetricStat": {
            "Metric": {
                "Namespace": NAMESPACE,
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            },
            "Period": int(HOUR.total_seconds()),
            "Stat": "Sum",
        },
    }
