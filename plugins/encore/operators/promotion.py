"""Moves the campaign to the new version, if the gate or a person says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_personalize import solution_versions
from airflow_personalize.arns import arn_of
from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore.operators.approval import goes_live
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizePromoteOperator(PersonalizeCreateOrUpdateCampaignOperator):
    """Make the campaign serve the new version, if the gate or a person says so.

    A question may be open while later runs go on. So a version does not replace a newer one that has gone live since
    the gate looked; to go back is what the rollback is for.

    :param decision: the gate's decision (templated)
    :param answer: what a person has answered, if somebody was asked (templated)
    """

    VERDICTS = frozenset({"ask", "promote"})
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
        self._check_is_newest()
        return str(super().execute(context, event))

    def _check_is_newest(self) -> None:
        """
        :raises AirflowFailException: if the campaign has moved to a newer version since the gate's decision.
        """
        new = self.solution_version_arn
        live = solution_versions.live(self.client, arn_of(new, "campaign", self.campaign_name))
        if live is None or live in (new, self.decision["live"]):
            return
        created = [
            self.client.describe_solution_version(solutionVersionArn=arn)["solutionVersion"][
                "creationDateTime"
            ]
            for arn in (new, live)
        ]
        if created[1] > created[0]:
            raise AirflowFailException(
                f"Campaign {self.campaign_name} has moved to {live} since the decision about {new}, which is older: it"
                " stays there. To put the older one live all the same, trigger rollback_campaign with its version."
            )
