"""Campaigns: made once, moved from version to version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.arns import arn_of
from airflow_personalize.exceptions import error_code, explain, is_quota_or_in_use
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.operators.base import (
    PersonalizeCreateOperator,
    prune_dict,
    raise_non_retryable,
    reentrant,
)
from airflow_personalize.operators.delete_base import PersonalizeDeleteOperator
from airflow_personalize.waiter import Wait

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateOrUpdateCampaignOperator(PersonalizeCreateOperator):
    """
    Make a campaign serve a solution version: create it, or update it if it serves another one.

    A campaign can follow new versions by itself. A pipeline with a gate must not let it, so
    ``syncWithLatestSolutionVersion`` is false unless ``campaign_config`` says otherwise. If the campaign serves
    the version already with these settings, or is on its way to, nothing is asked for again; if it is on its way
    to another version, the task waits for that to end.

    :param campaign_name: Name of the campaign. (templated)
    :param solution_version_arn: ARN of the solution version to serve. (templated)
    :param min_provisioned_tps: Requests a second to provide for at least. Each one costs, asked for or not.
    :param campaign_config: ``campaignConfig``, as the API takes it. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "campaign_name", "solution_version_arn", "min_provisioned_tps", "campaign_config", "create_kwargs"
    )

    def __init__(
        self,
        *,
        campaign_name: str,
        solution_version_arn: str,
        min_provisioned_tps: int = 1,
        campaign_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_name = campaign_name
        self.solution_version_arn = solution_version_arn
        self.min_provisioned_tps = min_provisioned_tps
        self.campaign_config = campaign_config

    @reentrant
    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        arn = arn_of(self.solution_version_arn, "campaign", self.campaign_name)
        campaign = self._describe(arn)
        if campaign and not self._is_as_requested(campaign):
            earlier = _last_change(campaign)
            if earlier.poll(self.client).state == "retry":
                return self._after_change(context, earlier, campaign)
        try:
            waiter, fresh = self.once(lambda: self._waiter(arn), lambda: self._create_or_update(arn))
        except ClientError as error:
            if is_quota_or_in_use(error):
                self.wait_for_quota(context, error, event)
            if error_code(error) == "InvalidInputException":
                raise_non_retryable(f"Campaign {self.campaign_name}", error)
            raise
        if not fresh:
            self.log.info("%s is at %s already, or on its way", arn, self.solution_version_arn)
        self.wait(context, waiter, fresh=fresh, campaignArn=arn)
        return arn

    def _describe(self, arn: str) -> dict[str, Any] | None:
        return self.describe("campaign", campaignArn=arn)

    def _waiter(self, arn: str) -> str | None:
        """What to wait for, if the campaign is where it should be or on its way there."""
        campaign = self._describe(arn)
        return _last_change(campaign).waiter if campaign and self._is_as_requested(campaign) else None

    def _is_as_requested(self, campaign: Mapping[str, Any]) -> bool:
        """Whether the campaign's last change is the one that this task asks for, and hasn't failed."""
        if campaign["status"].startswith("DELETE"):
            return False
        last = campaign.get("latestCampaignUpdate", campaign)
        config = last.get("campaignConfig", {})
        return (
            last["solutionVersionArn"] == self.solution_version_arn
            and last.get("minProvisionedTPS", 1) == self.min_provisioned_tps
            and all(config.get(name) == value for name, value in (self.campaign_config or {}).items())
            and last["status"] != "CREATE FAILED"
        )

    def _create_or_update(self, arn: str) -> str:
        """Create or update, whichever it takes; returns what to wait for."""
        settings = {
            "solutionVersionArn": self.solution_version_arn,
            "minProvisionedTPS": self.min_provisioned_tps,
            **prune_dict(campaignConfig=self.campaign_config or None),
        }
        if campaign := self._describe(arn):
            _check_was_created(campaign)
            self.non_retrying_client.update_campaign(campaignArn=arn, **settings)
            self.log.info("Updating campaign %s to %s", arn, self.solution_version_arn)
            return "campaign_updated"
        self.non_retrying_client.create_campaign(
            name=self.campaign_name, **settings, **(self.create_kwargs or {})
        )
        self.log.info("Created campaign %s for %s", arn, self.solution_version_arn)
        return "campaign_active"

    def _after_change(self, context: Context, earlier: Wait, campaign: Mapping[str, Any]) -> str:
        """Do it when an earlier change, to whatever it leads, has ended."""
        self.log.info("%s is being changed; that has to end first", campaign["campaignArn"])
        PersonalizeResourceLink.persist(context, self, campaign["campaignArn"])
        if self.deferrable:
            self.defer(trigger=self.trigger(earlier), method_name="execute", timeout=self.execution_timeout)
        earlier.wait(self.client, self.log)
        return str(self.execute(context))


def _check_was_created(campaign: Mapping[str, Any]) -> None:
    """
    :raises AirflowFailException: if the campaign's creation has failed: the service updates only what was made.
    """
    if campaign["status"] == "CREATE FAILED":
        reason = (
            f"{campaign.get('failureReason', '')} It has never served anything and cannot be updated: delete it"
            " (PersonalizeDeleteCampaignOperator, or in the console), then clear this task."
        )
        raise AirflowFailException(explain(campaign["campaignArn"], campaign["status"], reason.strip()))


def _last_change(campaign: Mapping[str, Any]) -> Wait:
    """The wait for a campaign's last change."""
    waiter = "campaign_updated" if "latestCampaignUpdate" in campaign else "campaign_active"
    return Wait(waiter, {"campaignArn": campaign["campaignArn"]})


class PersonalizeDeleteCampaignOperator(PersonalizeDeleteOperator):
    """
    Delete a campaign.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    kind = "campaign"
