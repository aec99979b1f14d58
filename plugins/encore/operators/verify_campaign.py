"""Does a campaign answer as it should, for people and items that really exist? If not, the earlier version is back."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.exceptions import error_code
from airflow_personalize.hooks import PersonalizeRuntimeHook
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.operators.base import PersonalizeBaseOperator
from encore.config.policies import AnswerCheck
from encore.csv_rows import files
from encore.gates.campaign_check import CampaignCheckError, Probe, judge
from encore.gates.import_profile import ids
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context

SAMPLE_BYTES = 64 * 1024
ROLLED_BACK = "rolled_back"
OF_ACTIONS = "PERSONALIZED_ACTIONS"
MOST_ACTIONS = 100  # that GetActionRecommendations answers
# Refusals of a question that the version itself must be the cause of: the campaign, users and items do exist.
BLAMES_VERSION = frozenset({"InvalidInputException", "ResourceNotFoundException"})
INTERNAL_ERRORS = frozenset({"InternalFailure", "InternalServerError", "InternalServerException"})


class PersonalizeVerifyCampaignOperator(PersonalizeBaseOperator):
    """
    Ask a campaign for recommendations for a sample of users and items, and check the answers.

    If they are not good and there is an earlier version, the campaign is moved back to it and asked again, and the
    task fails with the reason. What says nothing about the version (throttling, a missing permission, S3 that does not
    answer) moves nothing: the task fails, and may be tried again.

    :param campaign_arn: ARN of the campaign. (templated)
    :param sample_location: ``s3://`` path of exported interactions, from which users and items are taken. (templated)
    :param items_location: ``s3://`` path of exported items: only these may be recommended. (templated)
    :param decision: The gate's decision; its ``live`` is the version to go back to, if there was one. (templated)
    :param checks: How to ask, by campaign name: the `check` section of each.
    :return: ``campaign_arn``, and in words ``summary``; what had to be rolled back is pushed as XCom ``rolled_back``:
        ``campaign_arn`` and ``reason``.
    """

    template_fields: Sequence[str] = aws_template_fields(
        "campaign_arn", "sample_location", "items_location", "decision"
    )

    def __init__(
        self,
        *,
        campaign_arn: str,
        sample_location: str,
        decision: Mapping[str, Any],
        items_location: str | None = None,
        checks: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn
        self.sample_location, self.items_location = sample_location, items_location
        self.decision = decision
        self.checks = checks or {}
        self._is_last_try = False

    def execute(self, context: Context) -> dict[str, str]:
        require_inputs(
            self.task_id,
            campaign_arn=self.campaign_arn,
            sample_location=self.sample_location,
            decision=self.decision,
        )
        PersonalizeResourceLink.persist(context, self, self.campaign_arn)
        self._is_last_try = context["ti"].try_number > context["ti"].max_tries
        self._check_serves_new_version()
        try:
            summary = self._judge()
        except CampaignCheckError as error:
            reason = str(error)
        else:
            self.log.info("%s: %s", self.campaign_arn, summary)
            return {"campaign_arn": self.campaign_arn, "summary": summary}
        self._roll_back(context, reason)

    def completed(self, context: Context, resource: str) -> NoReturn:
        """The earlier version is back: see that it answers, and fail with why it had to come back."""
        ti, earlier = context["ti"], self.decision["live"]
        rollback = ti.xcom_pull(task_ids=ti.task_id, key=ROLLED_BACK, map_indexes=ti.map_index)
        try:
            after = f"It is back at {earlier} and answers: {self._judge()}."
        except (CampaignCheckError, ClientError, BotoCoreError) as error:
            after = f"It is back at {earlier}, and that does not answer either: {error}"
        raise AirflowFailException(f"{rollback['reason']} {after}")

    def _check_serves_new_version(self) -> None:
        """
        :raises AirflowFailException: if the campaign serves another version, e.g. after an earlier try's rollback.
        """
        served = self.client.describe_campaign(campaignArn=self.campaign_arn)["campaign"][
            "solutionVersionArn"
        ]
        if served != self.decision["new"]:
            raise AirflowFailException(
                f"{self.campaign_arn} serves {served}, not the new version {self.decision['new']}, which was rolled"
                " back or replaced. To promote it again, clear the task `campaign` with all that follows it."
            )

    def _roll_back(self, context: Context, reason: str) -> NoReturn:
        earlier = self.decision["live"]
        campaign = self.client.describe_campaign(campaignArn=self.campaign_arn)["campaign"]
        if not earlier or earlier == campaign["solutionVersionArn"]:
            raise AirflowFailException(f"{reason} There is no earlier version to go back to.")
        self.log.warning("The campaign goes back to %s", earlier)
        context["ti"].xcom_push(key=ROLLED_BACK, value={"campaign_arn": self.campaign_arn, "reason": reason})

        def find_update() -> str | None:
            current = self.client.describe_campaign(campaignArn=self.campaign_arn)["campaign"]
            last = current.get("latestCampaignUpdate", current)
            is_back = last["solutionVersionArn"] == earlier and last["status"] != "CREATE FAILED"
            return str(earlier) if is_back else None

        def update() -> str:
            self.non_retrying_client.update_campaign(
                campaignArn=self.campaign_arn, solutionVersionArn=earlier
            )
            return str(earlier)

        self.once(find_update, update)
        self.wait(context, "campaign_updated", campaignArn=self.campaign_arn)
        self.completed(context, self.campaign_arn)

    def _judge(self) -> str:
        name = self.campaign_arn.split("/")[-1]
        check = AnswerCheck.model_validate(self.checks.get(name, {}))
        recipe = self._recipe()
        rows = self._sample
        column = "item_id" if recipe["recipeType"] == "RELATED_ITEMS" else "user_id"
        identifiers = list(dict.fromkeys(row[column] for row in rows))[: check.questions]
        candidates = list(dict.fromkeys(row["item_id"] for row in rows))[:20]
        probes = [
            self._probe(recipe["recipeType"], identifier, candidates, check.results)
            for identifier in identifiers
        ]
        return judge(
            self.campaign_arn,
            probes,
            # Of a few actions, the most probable one is mostly the same for all.
            personal=recipe["name"] != "aws-popularity-count" and recipe["recipeType"] != OF_ACTIONS,
            known_items=self._known_items(probes) if recipe["recipeType"] != OF_ACTIONS else None,
            max_milliseconds=check.max_milliseconds,
        )

    def _recipe(self) -> dict[str, Any]:
        campaign = self.client.describe_campaign(campaignArn=self.campaign_arn)["campaign"]
        version = self.client.describe_solution_version(solutionVersionArn=campaign["solutionVersionArn"])
        arn = version["solutionVersion"]["recipeArn"]
        recipe: dict[str, Any] = self.client.describe_recipe(recipeArn=arn)["recipe"]
        return recipe

    def _probe(self, recipe_type: str, identifier: str, candidates: list[str], results: int) -> Probe:
        started = time.perf_counter()
        try:
            items = self._recommend(recipe_type, identifier, candidates, results)
        except ClientError as error:
            if not self._blames_version(error):
                raise
            raise CampaignCheckError(
                f"{self.campaign_arn} does not answer for {identifier}: {error}."
            ) from None
        return Probe(identifier, items, time.perf_counter() - started)

    def _blames_version(self, error: ClientError) -> bool:
        """Whether the version is the cause; an internal error, if it has not passed by the last try."""
        return error_code(error) in BLAMES_VERSION or (
            error_code(error) in INTERNAL_ERRORS and self._is_last_try
        )

    def _recommend(
        self, recipe_type: str, identifier: str, candidates: list[str], results: int
    ) -> tuple[str, ...]:
        if recipe_type == "PERSONALIZED_RANKING":
            answer = self._runtime.get_personalized_ranking(
                campaignArn=self.campaign_arn, userId=identifier, inputList=candidates
            )["personalizedRanking"]
        elif recipe_type == OF_ACTIONS:
            actions = self._runtime.get_action_recommendations(
                campaignArn=self.campaign_arn, userId=identifier, numResults=min(results, MOST_ACTIONS)
            )["actionList"]
            return tuple(action["actionId"] for action in actions)
        else:
            about = {"itemId" if recipe_type == "RELATED_ITEMS" else "userId": identifier}
            answer = self._runtime.get_recommendations(
                campaignArn=self.campaign_arn, numResults=results, **about
            )["itemList"]
        return tuple(item["itemId"] for item in answer)

    @cached_property
    def _runtime(self) -> Any:
        return PersonalizeRuntimeHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        ).conn

    def _known_items(self, probes: Sequence[Probe]) -> set[str] | None:
        """The items that were imported, as far as it matters for these answers; None where there is no such list."""
        if not self.items_location:
            return None
        known = set(ids(self.s3, self.items_location, "item_id").to_pylist())
        recommended = {item for probe in probes for item in probe.items}
        if recommended - known:  # an item without a row of its own may be recommended, if people took it
            known |= set(ids(self.s3, self.sample_location, "item_id").to_pylist())
        return known

    @cached_property
    def _sample(self) -> list[dict[str, str]]:
        """The first rows of the newest file at the sample's place, with lower-case column names."""
        bucket, keys = files(self.s3, self.sample_location)
        for key in reversed([key for key in keys if key.endswith(".csv")]):
            part = self.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{SAMPLE_BYTES - 1}")
            text = part["Body"].read().decode("utf-8", "ignore")
            rows = list(csv.DictReader(io.StringIO(text), escapechar="\\"))
            rows = rows[:-1] if len(text) >= SAMPLE_BYTES else rows  # the last row may be cut
            if rows:
                return [{name.lower(): value for name, value in row.items() if name} for row in rows]
        return []
