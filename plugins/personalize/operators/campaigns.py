"""Campaigns: made once, moved from version to version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from personalize.operators.base import PersonalizeBaseOperator, arn_of
from personalize.waiting import Wait

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateOrUpdateCampaignOperator(PersonalizeBaseOperator):
    """
    Make a campaign serve a solution version: create it, or update it if it serves another one.

    A campaign can follow new versions by itself. A pipeline with a gate must not let it, so
    ``syncWithLatestSolutionVersion`` is false unless ``campaign_config`` says otherwise.

    :param campaign_name: Name of the campaign. (templated)
    :param solution_version_arn: ARN of the solution version to serve. (templated)
    :param min_provisioned_tps: Requests a second to provide for at least.
    :param campaign_config: ``campaignConfig``, as the API takes it. (templated)
    """

    template_fields: Sequence[str] = aws_template_fields(
        "campaign_name", "solution_version_arn", "campaign_config"
    )

    def __init__(
        self, *, campaign_name: str, solution_version_arn: str, min_provisioned_tps: int = 1,
        campaign_config: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.campaign_name = campaign_name
        self.solution_version_arn = solution_version_arn
        self.min_provisioned_tps = min_provisioned_tps
        self.campaign_config = campaign_config

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        arn = arn_of(self.solution_version_arn, "campaign", self.campaign_name)
        try:
            campaign = self.client.describe_campaign(campaignArn=arn)["campaign"]
        except self.client.exceptions.ResourceNotFoundException:
            return self._create(context)
        target = campaign.get("latestCampaignUpdate", campaign)
        moving = Wait(
            "campaign_updated" if target is not campaign else "campaign_active", {"campaignArn": arn}
        )
        outcome = moving.look(self.client)
        if target["solutionVersionArn"] == self.solution_version_arn and outcome.state != "failure":
            self.log.info(
                "%s %s %s",
                arn,
                "is moving to" if outcome.state == "retry" else "serves",
                self.solution_version_arn,
            )
            return self.wait(context, moving.waiter, campaignArn=arn)
        if outcome.state == "retry":
            self.log.info(
                "%s is being changed to %s; that has to end first", arn, target["solutionVersionArn"]
            )
            moving.until_done(self.client, self.log)
        return self._update(context, arn)

    def _create(self, context: Context) -> str:
        config = {"campaignConfig": self.campaign_config} if self.campaign_config else {}
        arn = self.client.create_campaign(
            name=self.campaign_name,
            solutionVersionArn=self.solution_version_arn,
            minProvisionedTPS=self.min_provisioned_tps,
            **config,
        )["campaignArn"]
        self.log.info("Created campaign %s for %s", arn, self.solution_version_arn)
        return self.wait(context, "campaign_active", campaignArn=arn)

    def _update(self, context: Context, arn: str) -> str:
        config = {"campaignConfig": self.campaign_config} if self.campaign_config else {}
        self.client.update_campaign(
            campaignArn=arn,
            solutionVersionArn=self.solution_version_arn,
            minProvisionedTPS=self.min_provisioned_tps,
            **config,
        )
        self.log.info("Updating campaign %s to %s", arn, self.solution_version_arn)
        return self.wait(context, "campaign_updated", campaignArn=arn)
