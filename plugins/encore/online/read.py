"""A group's metric attribution, read from CloudWatch and from the reports in S3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.arns import arn_of
from airflow_personalize.pagination import split_uri
from encore.config.models import DatasetGroup
from encore.online import cloudwatch, reports
from encore.online.readings import Readings, hour_of, merged, window
from encore.online.summary import Online, summary


def client_of(group: DatasetGroup, config: Any = None) -> Any:
    """CloudWatch, as the group's connection says."""
    return AwsGenericHook(aws_conn_id=group.aws_conn_id, client_type="cloudwatch", config=config).conn


def online(
    group: DatasetGroup, past: Sequence[Mapping[str, Any]], client: Any, s3: Any, now: datetime
) -> Online | None:
    """What recommendations have led to; None without an attribution, or before there is anything to attribute to.

    :param past: the history, oldest first
    :param client: of CloudWatch
    """
    version = next((row["solution_version_arn"] for row in past if row["solution_version_arn"]), None)
    if group.metric_attribution is None or version is None:
        return None
    since, until = window(now)
    live = [row["recorded_at"] for row in past if row["outcome"] == "promoted"]
    since = max(since, hour_of(min(live).timestamp())) if live else since  # nothing was recommended before
    campaigns = [arn_of(version, "campaign", solution.campaign_name) for solution in group.solutions]
    names = [metric.name for metric in group.metric_attribution.metrics]
    problems, counted, written = [], Readings(), {}
    try:
        group_arn = arn_of(version, "dataset-group", group.name)
        counted = cloudwatch.read(client, group_arn, names, campaigns, since, until)
    except (BotoCoreError, ClientError) as error:
        problems.append(f"CloudWatch was not read: {error}")
    try:
        if group.metric_attribution.reports:
            written = reports.read(s3, *split_uri(group.attribution_uri), since)
    except (BotoCoreError, ClientError) as error:
        problems.append(f"The reports in S3 were not read: {error}")
    readings = merged(counted, written)
    return summary(group, past, Readings(readings.sums, readings.requests, tuple(problems)))
