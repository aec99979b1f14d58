"""A group's attribution is read from both places, and what can't be read is said."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from botocore.exceptions import ClientError, EndpointConnectionError

from encore.online.read import online
from tests.encore.online.test_summary import CAMPAIGN, START, group, row
from tests.support.planted_exports import PlantedExports

GROUP_ARN = "arn:aws:personalize:us-east-1:123456789012:dataset-group/shop"
NOW = START + timedelta(hours=5, minutes=30)


class CloudWatch:
    """Twelve clicks and forty answers in an hour of the group's campaign, and as many clicks of another group's."""

    def __init__(self) -> None:
        self.windows = []

    def get_paginator(self, operation):
        return SimpleNamespace(paginate=getattr(self, operation))

    def list_metrics(self, Namespace):
        source = {"Name": "EventAttributionSource", "Value": CAMPAIGN}
        groups = [{"Name": "DatasetGroupArn", "Value": arn} for arn in (GROUP_ARN, GROUP_ARN + "-other")]
        clicks = [{"MetricName": "CLICKS", "Dimensions": [source, entry]} for entry in groups]
        answers = {
            "MetricName": "GetRecommendations",
            "Dimensions": [{"Name": "CampaignArn", "Value": CAMPAIGN}],
        }
        return [{"Metrics": [*clicks, answers]}]

    def get_metric_data(self, MetricDataQueries, StartTime, EndTime):
        self.windows.append((StartTime, EndTime))
        values = {"CLICKS": 12.0, "GetRecommendations": 40.0}
        return [
            {
                "MetricDataResults": [
                    {
                        "Id": query["Id"],
                        "Timestamps": [START + timedelta(hours=4)],
                        "Values": [values[query["MetricStat"]["Metric"]["MetricName"]]],
                    }
                    for query in MetricDataQueries
                ]
            }
        ]


def test_what_cloudwatch_counted_of_the_group_is_set_against_its_answers():
    cloudwatch = CloudWatch()
    results = online(group(), [row(0)], cloudwatch, PlantedExports(), NOW)
    (period,) = results.periods
    assert (period.rates["clicks"].total, period.answers) == (12, 40), (
        "another group's clicks are not its own"
    )
    assert cloudwatch.windows == [(START, START + timedelta(hours=6))], "from the first version that was live"


def test_what_cannot_be_read_is_said_and_the_rest_is_shown():
    class Refusing(CloudWatch):
        def get_metric_data(self, **arguments):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "GetMetricData")

    class Unreachable(PlantedExports):
        def get_paginator(self, operation):
            raise EndpointConnectionError(endpoint_url="http://s3")

    results = online(group(), [row(0)], Refusing(), Unreachable(), NOW)
    assert [problem.split(":")[0] for problem in results.problems] == [
        "CloudWatch was not read",
        "The reports in S3 were not read",
    ]


def test_before_there_is_a_version_nothing_is_read():
    assert online(group(), [], None, None, NOW) is None
