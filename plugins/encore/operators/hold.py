"""Marks a version that does not go live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from encore.operators.approval import decision_of, goes_live

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeHoldOperator(BaseOperator):
    """Marks a version that does not go live: green if it was held or rejected, skipped otherwise.

    :param campaign_name: the campaign that keeps what it serves (templated)
    """

    template_fields: Sequence[str] = ("campaign_name",)
    ui_color = "#ffe8cc"

    def __init__(self, *, campaign_name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_name = campaign_name

    def execute(self, context: Context) -> str:
        if goes_live(context):
            raise AirflowSkipException("It goes live.")
        self.log.warning("%s", decision_of(context)["text"])
        return f"Campaign {self.campaign_name} keeps what it serves."
