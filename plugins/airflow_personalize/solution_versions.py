"""What the service knows of a solution's versions and of what its campaign serves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize.pagination import list_all


@dataclass(frozen=True)
class Trained:
    """A finished solution version with its metrics."""

    arn: str
    metrics: Mapping[str, float]
    description: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_service(self) -> bool:
        """Whether the service trained it without being asked."""
        return self.description.get("trainingType") == "AUTOMATIC"


def trained(client: Any, arn: str) -> Trained:
    """A version with what the service says of it; without metrics if it gives none."""
    description = client.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
    try:
        metrics = client.get_solution_metrics(solutionVersionArn=arn)["metrics"]
    except client.exceptions.ResourceNotFoundException:
        metrics = {}
    return Trained(arn, metrics, description)


def live(client: Any, campaign_arn: str) -> str | None:
    """The version that a campaign serves; None if there is no such campaign, or it never came to serve."""
    try:
        campaign = client.describe_campaign(campaignArn=campaign_arn)["campaign"]
    except client.exceptions.ResourceNotFoundException:
        return None
    return campaign["solutionVersionArn"] if campaign["status"] == "ACTIVE" else None


def of_solution(client: Any, solution_arn: str) -> Iterator[Mapping[str, Any]]:
    """The versions of a solution as they are listed, the newest first; none if there is no such solution."""
    listed: list[Mapping[str, Any]] = []
    try:
        listed.extend(list_all(client, "list_solution_versions", solutionArn=solution_arn))
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    yield from sorted(listed, key=lambda version: version["creationDateTime"], reverse=True)


def newest(client: Any, solution_arn: str) -> Trained | None:
    """The newest finished version of a solution."""
    for version in of_solution(client, solution_arn):
        if version["status"] == "ACTIVE":
            return trained(client, version["solutionVersionArn"])
    return None


def trained_by_themselves(client: Any, solution_arn: str, since: datetime | None) -> list[str]:
    """Versions that the service trained without being asked, made after a moment."""
    return [
        version["solutionVersionArn"]
        for version in of_solution(client, solution_arn)
        if version.get("trainingType") == "AUTOMATIC"
        and (since is None or version["creationDateTime"] > since)
    ]
