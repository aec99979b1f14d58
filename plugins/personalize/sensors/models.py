"""Sensors for what is trained, and what answers from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeSolutionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution is active.

    :param solution_arn: ARN of the solution. (templated)
    """

    waiter, argument, parameter = "solution_active", "solutionArn", "solution_arn"
    template_fields: Sequence[str] = aws_template_fields("solution_arn")

    def __init__(self, *, solution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_arn = solution_arn


class PersonalizeSolutionVersionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution version is trained.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    waiter, argument, parameter = "solution_version_complete", "solutionVersionArn", "solution_version_arn"
    template_fields: Sequence[str] = aws_template_fields("solution_version_arn")

    def __init__(self, *, solution_version_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn = solution_version_arn


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


class PersonalizeRecommenderSensor(PersonalizeBaseSensor):
    """
    Wait until a recommender is active.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    waiter, argument, parameter = "recommender_active", "recommenderArn", "recommender_arn"
    template_fields: Sequence[str] = aws_template_fields("recommender_arn")

    def __init__(self, *, recommender_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender_arn = recommender_arn
