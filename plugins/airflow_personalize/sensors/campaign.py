"""Waits for a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeCampaignSensor(PersonalizeBaseSensor):
    """
    Wait until a campaign is active.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    waiter, argument, parameter = "campaign_active", "campaignArn", "campaign_arn"
    template_fields: Sequence[str] = aws_template_fields("campaign_arn")

    def __init__(self, *, campaign_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn


class PersonalizeCampaignUpdateSensor(PersonalizeBaseSensor):
    """
    Wait until a campaign serves what it was last updated to.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    waiter, argument, parameter = "campaign_updated", "campaignArn", "campaign_arn"
    template_fields: Sequence[str] = aws_template_fields("campaign_arn")

    def __init__(self, *, campaign_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_arn = campaign_arn
