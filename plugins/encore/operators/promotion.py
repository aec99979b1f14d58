"""Moves the campaign to the new version, if the gate or a person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore.operators.approval import goes_live

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizePromoteOperator(PersonalizeCreateOrUpdateCampaignOperator):
    """Make the campaign serve the new version, if the gate or a person says so."""

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        if not goes_live(context):
            raise AirflowSkipException(f"Campaign {self.campaign_name} keeps what it serves.")
        return super().execute(context, event)
