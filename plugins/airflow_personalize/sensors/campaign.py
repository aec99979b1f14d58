"""Waits for a campaign."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeCampaignSensor(PersonalizeBaseSensor):
    """
    Wait until a campaign is active.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    kind = "campaign"
    waiter = "campaign_active"


class PersonalizeCampaignUpdateSensor(PersonalizeBaseSensor):
    """
    Wait until a campaign serves what it was last updated to.

    :param campaign_arn: ARN of the campaign. (templated)
    """

    kind = "campaign"
    waiter = "campaign_updated"
