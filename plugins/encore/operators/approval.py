"""What follows from the gate's decision: a question, a campaign that moves, or one that is left alone.

Each task looks at the decision and skips itself. Airflow's branching can't do it: in a mapped task group the tasks
to skip may not exist yet when the branch is taken, and what it leaves for them is looked up under another map index.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowSkipException

if TYPE_CHECKING:
    from airflow.sdk import Context

GATE, APPROVE = "refresh.gate", "refresh.approve"


def decision_of(context: Context) -> Mapping[str, Any]:
    """The gate's decision on the solution that a task is about."""
    ti = context["ti"]
    return ti.xcom_pull(task_ids=GATE, key="decision", map_indexes=ti.map_index)


def goes_live(context: Context) -> bool:
    """Whether the gate has promoted the version, or a person has."""
    verdict = decision_of(context)["verdict"]
    if verdict != "ask":
        return bool(verdict == "promote")
    ti = context["ti"]
    answer = ti.xcom_pull(task_ids=APPROVE, map_indexes=ti.map_index) or {}
    return ApprovalOperator.APPROVE in answer.get("chosen_options", ())


class PersonalizeApprovalOperator(ApprovalOperator):
    """Ask a person whether a version shall go live, if the gate says so; an answer skips nothing by itself."""

    inherits_from_skipmixin = False

    def execute(self, context: Context) -> Any:
        if decision_of(context)["verdict"] != "ask":
            raise AirflowSkipException("Nobody need be asked.")
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        return HITLOperator.execute_complete(self, context, event)
