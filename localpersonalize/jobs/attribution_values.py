"""Values of metric attributions in CloudWatch.

Source: the developer guide, "Guidelines and requirements for a metric attribution", and AWS's sample notebook on
measuring the impact of recommendations, which asks for them by these dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from localpersonalize.datasets.attribution import MetricValue

NAMESPACE = "AWS/Personalize"
MAX_AGE_SECONDS = 14 * 86_400
"""Older records are not reported to CloudWatch."""
VALUES_PER_REQUEST = 500


def put_values(cloudwatch: Any, group_arn: str, values: Sequence[MetricValue], now: float) -> int:
    """Put what is not too old; how many that was.

    :param cloudwatch: a boto3 client.
    :param now: epoch seconds.
    :raises botocore.exceptions.ClientError: if they are not taken.
    """
    data = [
        {
            "MetricName": value.metric_name,
            "Timestamp": value.timestamp,
            "Value": value.value,
            "Dimensions": [
                {"Name": "EventAttributionSource", "Value": value.event_attribution_source},
                {"Name": "DatasetGroupArn", "Value": group_arn},
            ],
        }
        for value in values
        if value.timestamp >= now - MAX_AGE_SECONDS
    ]
    for start in range(0, len(data), VALUES_PER_REQUEST):
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data[start : start + VALUES_PER_REQUEST])
    return len(data)
