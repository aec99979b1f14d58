"""Marks a version that does not go live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from encore.operators.approval import goes_live
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeHoldOperator(BaseOperator):
    """Marks a version that does not go live: green if it was held or rejected, skipped otherwise.

    :param campaign_name: the campaign that keeps what it serves (templated)
    :param decision: the gate's decision (templated)
    :param answer: what a person has answered, if somebody was asked (templated)
    """

    VERDICTS = frozenset({"ask", "hold"})
    template_fields: Sequence[str] = ("campaign_name", "decision", "answer")
    ui_color = "#ffe8cc"

    def __init__(
        self,
        *,
        campaign_name: str,
        decision: Mapping[str, Any],
        answer: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_name, self.decision, self.answer = campaign_name, decision, answer

    def execute(self, context: Context) -> str:
        require_inputs(self.task_id, decision=self.decision)
        if goes_live(self.decision, self.answer):
            raise AirflowSkipException("It goes live.")
        self.log.warning("%s", self.decision["text"])
        return f"Campaign {self.campaign_name} keeps what it serves."
