"""How often campaigns and recommenders were asked: `GetRecommendations` and `GetPersonalizedRanking` of CloudWatch.

They are kept in memory by minute, and put into CloudWatch when somebody asks that: until then nothing has to run for
them. Source: the developer guide, "CloudWatch metrics for Amazon Personalize".
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localpersonalize.aws.clients import Clients

log = logging.getLogger(__name__)

NAMESPACE = "AWS/Personalize"
COUNTED = ("GetRecommendations", "GetPersonalizedRanking")
MINUTE = 60
DATA_PER_REQUEST = 500
MOST_MINUTES = 100_000  # of all campaigns together; what nobody has looked at by then is let go
PUT = "PutMetricData"
Count = tuple[str, str, str, int]
"""Operation, dimension, ARN, and the minute in epoch seconds."""


def is_metric_put(path: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request to CloudWatch puts values, by any of its protocols: then nothing is read that were missing.

    The counts themselves are put by such a request, which must not wait for counts in turn.
    """
    return PUT in path or PUT in headers.get("x-amz-target", "") or f"Action={PUT}".encode() in body


class RequestCounts:
    """Successful requests by operation, campaign or recommender, and minute."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._counts: Counter[Count] = Counter()

    def add(self, operation: str, params: Mapping[str, Any]) -> None:
        """One that was answered."""
        if operation not in COUNTED:
            return
        campaign = params.get("campaignArn")
        dimension, arn = (
            ("CampaignArn", campaign) if campaign else ("RecommenderArn", params["recommenderArn"])
        )
        if len(self._counts) < MOST_MINUTES:
            self._counts[operation, dimension, arn, int(time.time()) // MINUTE * MINUTE] += 1

    def take(self) -> Counter[Count]:
        """What was counted since the last time; of the thread that adds, since the next is counted anew."""
        counts, self._counts = self._counts, Counter()
        return counts

    def publish(self, counts: Counter[Count]) -> None:
        """Put what was taken into CloudWatch."""
        data = [
            {
                "MetricName": operation,
                "Timestamp": minute,
                "Value": count,
                "Dimensions": [{"Name": dimension, "Value": arn}],
            }
            for (operation, dimension, arn, minute), count in counts.items()
        ]
        if not data:
            return
        try:
            cloudwatch = self._clients.client("cloudwatch")
            for start in range(0, len(data), DATA_PER_REQUEST):
                cloudwatch.put_metric_data(
                    Namespace=NAMESPACE, MetricData=data[start : start + DATA_PER_REQUEST]
                )
        except (BotoCoreError, ClientError) as error:
            log.warning("requests are not counted in CloudWatch: %s", error)
