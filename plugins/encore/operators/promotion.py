"""Moves the campaign to the new version, if the gate or a person says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore.operators.approval import goes_live
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizePromoteOperator(PersonalizeCreateOrUpdateCampaignOperator):
    """Make the campaign serve the new version, if the gate or a person says so.

    :param decision: the gate's decision (templated)
    :param answer: what a person has answered, if somebody was asked (templated)
    """

    template_fields: Sequence[str] = (
        *PersonalizeCreateOrUpdateCampaignOperator.template_fields,
        "decision",
        "answer",
    )

    def __init__(
        self, *, decision: Mapping[str, Any], answer: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.decision, self.answer = decision, answer

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> str:
        require_inputs(self.task_id, decision=self.decision)
        if not goes_live(self.decision, self.answer):
            raise AirflowSkipException(f"Campaign {self.campaign_name} keeps what it serves.")
        return str(super().execute(context, event))
