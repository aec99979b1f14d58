"""What is paid for and not used: campaigns and recommenders that nobody asks, throughput far over the use, trainings
that nobody asked for. Found and priced; stopped only by `encore stop`, where a person says so.

How often something is asked is CloudWatch's `GetRecommendations` and `GetPersonalizedRanking` (statistic: Sum), by the
ARN of the campaign or recommender. Source: "CloudWatch metrics for Amazon Personalize" of the developer guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from airflow_personalize import solution_versions
from encore.cost import HOURS_A_DAY, UNKNOWN_PRICE, Prices, recommender_day
from encore.deployment.clients import Account
from encore.deployment.inventory import Description, Inventory, read_models
from encore.deployment.plan import campaign_state, trains_by_itself
from encore.deployment.surroundings import NotAllowedError

DAYS = 14
#: What was made less than a week ago may not have an application yet.
NEW = timedelta(days=7)
PERIOD_SECONDS = 300
DAYS_A_MONTH = 30
DAYS_BETWEEN_TRAININGS = 7
#: A peak below this share of the provisioned throughput is far below it.
FAR_BELOW = 0.5
NAMESPACE = "AWS/Personalize"
_METRICS = ("GetRecommendations", "GetPersonalizedRanking")


@dataclass(frozen=True)
class Unused:
    """Something that is paid for: what to do about it, and what it costs a month; None where that is not known.

    :param operation: the service's operation that stops it, with its `arguments`
    """

    what: str
    advice: str
    usd_a_month: float | None
    operation: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        price = UNKNOWN_PRICE if self.usd_a_month is None else f"about {self.usd_a_month:,.2f} USD a month"
        return f"{self.what}: {self.advice} ({price})"


@dataclass(frozen=True)
class Use:
    """How much something was asked in the last two weeks: requests, and at most so many a second."""

    requests: float
    peak: float


def unused(
    existing: Inventory,
    prices: Prices,
    use: Callable[[str], Use],
    hours: Callable[[str], float | None],
    now: datetime,
) -> Iterator[Unused]:
    """
    :param use: of a campaign or recommender, by its ARN
    :param hours: of the last training of a solution, by its ARN
    """
    for solution_name, campaigns in existing.campaigns.items():
        recipe = str(existing.solutions[solution_name]["recipeArn"]).rsplit("/", 1)[-1]
        for campaign in campaigns:
            if campaign["status"] == "ACTIVE" and now - campaign["creationDateTime"] > NEW:
                yield from _of_campaign(campaign, prices.tps_hour(recipe), use(campaign["campaignArn"]))
    for name, recommender in existing.recommenders.items():
        is_old = now - recommender["creationDateTime"] > NEW
        if recommender["status"] == "ACTIVE" and is_old and not use(recommender["recommenderArn"]).requests:
            advice = f"nobody has asked it for {DAYS} days: stop it, which keeps its model"
            of_recommender = {"recommenderArn": recommender["recommenderArn"]}
            provisioned = recommender.get("recommenderConfig", {}).get(
                "minRecommendationRequestsPerSecond", 1
            )
            day = recommender_day(prices, name, provisioned).usd
            usd = None if day is None else day * DAYS_A_MONTH
            yield Unused(f"recommender {name}", advice, usd, "stop_recommender", of_recommender)
    for name, solution in existing.solutions.items():
        if trains_by_itself(solution):
            trained = hours(solution["solutionArn"])
            times = DAYS_A_MONTH / DAYS_BETWEEN_TRAININGS
            usd = None if trained is None else trained * prices.training_hour * times
            advice = "it trains by itself, beside the runs: set performAutoTraining to false"
            stopped = {"solutionArn": solution["solutionArn"], "performAutoTraining": False}
            yield Unused(f"solution {name}", advice, usd, "update_solution", stopped)


def _of_campaign(campaign: Description, tps_hour: float, use: Use) -> Iterator[Unused]:
    what = f"campaign {campaign['name']}"
    tps = int(campaign_state(campaign).get("minProvisionedTPS", 1))
    a_month = tps_hour * HOURS_A_DAY * DAYS_A_MONTH
    arn = {"campaignArn": campaign["campaignArn"]}
    if not use.requests:
        advice = f"nobody has asked it for {DAYS} days: delete it if nobody will"
        yield Unused(what, advice, tps * a_month, "delete_campaign", arn)
        return
    enough = max(1, math.ceil(use.peak))
    if use.peak < FAR_BELOW * tps and enough < tps:
        peak = f"{use.peak:.2g} requests a second at most, {tps} provisioned"
        advice = f"{peak}: min_provisioned_tps {enough} is enough"
        lower = {**arn, "minProvisionedTPS": enough}
        yield Unused(what, advice, (tps - enough) * a_month, "update_campaign", lower)


class CloudWatchUse:
    """What CloudWatch has counted.

    :raises NotAllowedError: if it counts nothing of Personalize here, so that no request says nothing
    """

    def __init__(self, cloudwatch: Any, now: datetime) -> None:
        self._client, self._now = cloudwatch, now
        if not cloudwatch.list_metrics(Namespace=NAMESPACE)["Metrics"]:
            raise NotAllowedError("CloudWatch has no metrics of Personalize in this account")

    def __call__(self, arn: str) -> Use:
        dimension = "RecommenderArn" if ":recommender/" in arn else "CampaignArn"
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": NAMESPACE,
                        "MetricName": name,
                        "Dimensions": [{"Name": dimension, "Value": arn}],
                    },
                    "Period": PERIOD_SECONDS,
                    "Stat": "Sum",
                },
            }
            for number, name in enumerate(_METRICS)
        ]
        pages = self._client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=self._now - timedelta(days=DAYS), EndTime=self._now
        )
        sums: dict[datetime, float] = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                for time, value in zip(result["Timestamps"], result["Values"], strict=True):
                    sums[time] = sums.get(time, 0.0) + value
        return Use(sum(sums.values()), max(sums.values(), default=0.0) / PERIOD_SECONDS)


def stop(account: Account, entry: Unused) -> None:
    """Stop what is paid for and not used: as its advice says, and only this.

    :raises ClientError: where the service refuses
    """
    getattr(account.client("personalize"), entry.operation)(**entry.arguments)


def unused_in_account(account: Account, existing: Inventory) -> list[Unused]:
    """What is paid for and not used of a group, seen now.

    :raises NotAllowedError: if CloudWatch can't be asked, or counts nothing
    """
    now, client = datetime.now(UTC), account.client("personalize")

    def hours(solution_arn: str) -> float | None:
        version = solution_versions.newest(client, solution_arn)
        return version.description.get("trainingHours") if version else None

    try:
        use = CloudWatchUse(account.client("cloudwatch"), now)
        return list(unused(existing, Prices.load(), use, hours, now))
    except ClientError as error:
        raise NotAllowedError(f"CloudWatch was not asked: {error}") from error


def unused_of_group(aws_conn_id: str | None, group: str) -> list[Unused]:
    """What is paid for and not used of a dataset group by its name, seen through a connection now.

    :raises NotAllowedError: if CloudWatch can't be asked, or counts nothing
    """
    account = Account(aws_conn_id)
    existing = read_models(account.client("personalize"), group)
    return unused_in_account(account, existing) if existing else []
