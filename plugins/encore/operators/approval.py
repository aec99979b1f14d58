"""A person's approval of a version that the gate does not decide on by itself.

Of the tasks that follow the gate's decision, it skips those that the verdict leaves nothing to do, which saves the
start of a process each. They look at the decision too: one of them may be cleared, and what a branch leaves for later
is looked up under another map index in a mapped task group.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowSkipException

from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


def goes_live(decision: Mapping[str, Any], answer: Mapping[str, Any] | None) -> bool:
    """Whether the gate has promoted the version, or a person has."""
    if decision["verdict"] != "ask":
        return bool(decision["verdict"] == "promote")
    return ApprovalOperator.APPROVE in (answer or {}).get("chosen_options", ())


class PersonalizeApprovalOperator(ApprovalOperator):
    """Ask a person whether a version shall go live, if the gate says so; an answer skips nothing by itself.

    `subject`, `body` and notifiers may name the decision as ``task.decision``.

    :param decision: the gate's decision (templated)
    :param approval_hours: after so many hours without an answer the default counts (templated)
    :return: the answer, with the `solution_version_arn` that it is about
    """

    VERDICTS = frozenset({"ask"})
    template_fields = ("decision", "approval_hours", *ApprovalOperator.template_fields)
    inherits_from_skipmixin = False

    def __init__(self, *, decision: Mapping[str, Any], approval_hours: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decision, self.approval_hours = decision, approval_hours

    def execute(self, context: Context) -> Any:
        require_inputs(self.task_id, decision=self.decision, approval_hours=self.approval_hours)
        if self.decision["verdict"] != "ask":
            raise AirflowSkipException("Nobody need be asked.")
        self.response_timeout = timedelta(hours=float(self.approval_hours))
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        answer = HITLOperator.execute_complete(self, context, event)
        return {**answer, "solution_version_arn": self.decision["new"]}
