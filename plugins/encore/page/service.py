"""What the service says of a group's campaigns and recommenders right now. It is asked briefly: a page waits for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.hooks import PersonalizeHook, PersonalizeRuntimeHook
from airflow_personalize.pagination import list_all
from airflow_personalize.s3 import s3_client
from encore.config.models import DatasetGroup
from encore.online import read
from encore.online.summary import Online

#: A page is not a task: it says that the service does not answer rather than wait for it.
BRIEF: dict[str, Any] = {
    "connect_timeout": 3,
    "read_timeout": 15,
    "retries": {"mode": "standard", "total_max_attempts": 2},
}
T = TypeVar("T")


@dataclass(frozen=True)
class Campaign:
    """A campaign as it is now.

    :param serves: ARN of the solution version that answers; None if none ever did
    :param moves_to: ARN of the version that an update brings, while it does
    :param since: when it was last changed
    """

    name: str
    arn: str
    status: str
    serves: str | None
    moves_to: str | None
    since: datetime
    failure: str | None = None

    @property
    def solution(self) -> str:
        return (self.serves or self.moves_to or "/").split("/")[1]


@dataclass(frozen=True)
class RecommenderState:
    """A recommender as it is now.

    :param requests_per_second: provisioned
    :param since: when it was last changed
    :param update: the status of its latest update; None if there was none
    """

    name: str
    status: str
    requests_per_second: int
    since: datetime
    metrics: Mapping[str, float]
    update: str | None = None
    failure: str | None = None


def personalize(group: DatasetGroup) -> Any:
    return PersonalizeHook(aws_conn_id=group.aws_conn_id, config=BRIEF).conn


def runtime(group: DatasetGroup) -> Any:
    return PersonalizeRuntimeHook(aws_conn_id=group.aws_conn_id, config=BRIEF).conn


def s3(group: DatasetGroup) -> Any:
    return s3_client(group.aws_conn_id, botocore_config=BRIEF)


def online(group: DatasetGroup, past: Sequence[Mapping[str, Any]]) -> Online | None:
    """What recommendations have led to, where the group has a metric attribution."""
    if group.metric_attribution is None:
        return None
    client = read.client_of(group, Config(**BRIEF))
    return read.online(group, past, client, s3(group), datetime.now(UTC))


def campaigns(client: Any, group: DatasetGroup) -> list[Campaign]:
    """Every campaign that serves a solution of the pipeline file, the file's own and others."""
    names = {solution.name for solution in group.solutions}
    listed = list_all(client, "list_campaigns") if names else []
    every = [_campaign(client, entry["campaignArn"]) for entry in listed]
    return [campaign for campaign in every if campaign.solution in names]


def recommenders(client: Any, group: DatasetGroup) -> list[RecommenderState]:
    """The recommenders of the pipeline file that the dataset group has."""
    names = {recommender.name for recommender in group.recommenders}
    listed = list_all(client, "list_recommenders") if names else []
    return [
        _recommender(client, entry["recommenderArn"])
        for entry in listed
        if entry["name"] in names and entry["datasetGroupArn"].endswith(f"/{group.name}")
    ]


def served(client: Any, group: DatasetGroup) -> tuple[list[Campaign], list[RecommenderState]]:
    """Whatever answers an application: campaigns and recommenders."""
    return campaigns(client, group), recommenders(client, group)


def metrics(client: Any, versions: Sequence[str]) -> dict[str, dict[str, float]]:
    """The metrics of versions, by ARN; of those that have none yet nothing."""
    measured = {}
    for arn in versions:
        answer, _ = attempt(partial(client.get_solution_metrics, solutionVersionArn=arn))
        if answer:
            measured[arn] = answer["metrics"]
    return measured


def attempt(question: Callable[[], T]) -> tuple[T | None, str | None]:
    """What was asked for, or why there is no answer, in a sentence."""
    try:
        return question(), None
    except ClientError as error:
        return None, str(error)
    except BotoCoreError as error:
        return None, f"{error}. See whether the address of the connection is right, and whether it is up."


def _campaign(client: Any, arn: str) -> Campaign:
    campaign = client.describe_campaign(campaignArn=arn)["campaign"]
    update = campaign.get("latestCampaignUpdate") or {}
    status = str(campaign["status"])
    moving = update.get("status", status) if status == "ACTIVE" else status
    is_moving = moving not in ("ACTIVE", "CREATE FAILED")
    serves = campaign["solutionVersionArn"]
    return Campaign(
        name=campaign["name"],
        arn=arn,
        status=moving,
        serves=serves if status == "ACTIVE" else None,
        moves_to=(update.get("solutionVersionArn") or serves) if is_moving else None,
        since=campaign["lastUpdatedDateTime"],
        failure=update.get("failureReason") or campaign.get("failureReason"),
    )


def _recommender(client: Any, arn: str) -> RecommenderState:
    recommender = client.describe_recommender(recommenderArn=arn)["recommender"]
    update = recommender.get("latestRecommenderUpdate") or {}
    return RecommenderState(
        name=recommender["name"],
        status=recommender["status"],
        requests_per_second=recommender["recommenderConfig"].get("minRecommendationRequestsPerSecond", 1),
        since=recommender["lastUpdatedDateTime"],
        metrics=recommender.get("modelMetrics") or {},
        update=update.get("status"),
        failure=update.get("failureReason") or recommender.get("failureReason"),
    )
