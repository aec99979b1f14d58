"""Does a campaign answer as it should, for people and items that really exist?"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from personalize.hooks import PersonalizeRuntimeHook
from personalize.operators.base import PersonalizeBaseOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

SAMPLE_BYTES = 64 * 1024


class CampaignCheckFailed(Exception):
    """A campaign answers, but not with what a recommender should say."""


@dataclass(frozen=True)
class Asked:
    """One question and its answer: `about` is the user or item id, `items` what was recommended."""

    about: str
    items: tuple[str, ...]
    seconds: float


def judge(campaign: str, asked: Sequence[Asked], personal: bool) -> str:
    """A sentence that says what was seen.

    :param personal: whether different users or items should get different lists.
    :raises CampaignCheckFailed: names the campaign and what is wrong with its answers.
    """
    if not asked:
        raise CampaignCheckFailed(f"{campaign} could not be asked: the imported data names no user or item.")
    empty = [question.about for question in asked if not question.items]
    if empty:
        raise CampaignCheckFailed(f"{campaign} recommends nothing for {', '.join(empty)}.")
    repeated = [question.about for question in asked if len(set(question.items)) < len(question.items)]
    if repeated:
        raise CampaignCheckFailed(f"{campaign} recommends an item twice for {', '.join(repeated)}.")
    lists = {question.items for question in asked}
    if personal and len(asked) > 1 and len(lists) == 1:
        raise CampaignCheckFailed(f"{campaign} recommends the same items for all of {len(asked)} questions.")
    slowest = max(question.seconds for question in asked)
    return f"{len(asked)} questions answered with {len(lists)} different lists, the slowest in {slowest * 1000:.0f} ms"


class PersonalizeVerifyCampaignOperator(PersonalizeBaseOperator):
    """
    Ask a campaign for recommendations for a sample of users and items, and check the answers.

    :param campaign_arn: ARN of the campaign. (templated)
    :param sample_location: ``s3://`` path of exported interactions, from which users and items are taken. (templated)
    :param sample_size: Number of users or items to ask for.
    """

    template_fields: Sequence[str] = aws_template_fields("campaign_arn", "sample_location")

    def __init__(
        self, *, campaign_arn: str, sample_location: str, sample_size: int = 5, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn
        self.sample_location = sample_location
        self.sample_size = sample_size

    def execute(self, context: Context) -> str:
        recipe = self._recipe()
        by_item = recipe["recipeType"] == "RELATED_ITEMS"
        rows = self._sample()
        column = "item_id" if by_item else "user_id"
        identifiers = list(dict.fromkeys(row[column] for row in rows))[: self.sample_size]
        candidates = list(dict.fromkeys(row["item_id"] for row in rows))[:20]
        asked = [self._ask(recipe["recipeType"], identifier, candidates) for identifier in identifiers]
        seen = judge(self.campaign_arn, asked, personal=recipe["name"] != "aws-popularity-count")
        self.log.info("%s: %s", self.campaign_arn, seen)
        return seen

    def _recipe(self) -> dict[str, Any]:
        campaign = self.client.describe_campaign(campaignArn=self.campaign_arn)["campaign"]
        version = self.client.describe_solution_version(solutionVersionArn=campaign["solutionVersionArn"])
        return self.client.describe_recipe(recipeArn=version["solutionVersion"]["recipeArn"])["recipe"]

    def _ask(self, recipe_type: str, identifier: str, candidates: list[str]) -> Asked:
        runtime = PersonalizeRuntimeHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        ).conn
        started = time.perf_counter()
        if recipe_type == "PERSONALIZED_RANKING":
            answer = runtime.get_personalized_ranking(
                campaignArn=self.campaign_arn, userId=identifier, inputList=candidates
            )["personalizedRanking"]
        else:
            about = {"itemId" if recipe_type == "RELATED_ITEMS" else "userId": identifier}
            answer = runtime.get_recommendations(campaignArn=self.campaign_arn, numResults=10, **about)[
                "itemList"
            ]
        return Asked(identifier, tuple(item["itemId"] for item in answer), time.perf_counter() - started)

    def _sample(self) -> list[dict[str, str]]:
        """The first rows of the first file at the sample's place, with lower-case column names."""
        s3 = S3Hook(aws_conn_id=self.aws_conn_id, region_name=self.region_name, verify=self.verify)
        bucket, prefix = s3.parse_s3_url(self.sample_location)
        keys = s3.get_conn().list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=10).get("Contents", [])
        for entry in keys:
            part = s3.get_conn().get_object(
                Bucket=bucket, Key=entry["Key"], Range=f"bytes=0-{SAMPLE_BYTES - 1}"
            )
            text = part["Body"].read().decode("utf-8", "ignore")
            rows = list(csv.DictReader(io.StringIO(text)))[:-1]  # the last row may be cut
            if rows:
                return [{name.lower(): value for name, value in row.items() if name} for row in rows]
        return []
