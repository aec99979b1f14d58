"""The month's budget, before the first step of a run that is paid for."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from encore import notifications
from encore.config import DatasetGroup
from encore.operators.budget import BudgetOperator


def ask_over_budget(
    group: DatasetGroup, kind: type[BudgetOperator], what: str, **arguments: Any
) -> BaseOperator | None:
    """The task that paid steps wait for; None if the file has no budget.

    :param kind: the operator that estimates the cost of this DAG's runs, with its `arguments`
    :param what: the run, in the question
    """
    if group.monthly_budget_usd is None:
        return None
    return kind(
        task_id="budget",
        group=group.model_dump(mode="json", by_alias=True),
        aws_conn_id=group.aws_conn_id,
        subject=f"{group.name}: {what} goes over the month's budget. Shall it go on?",
        defaults="Reject",
        notifiers=notifications.channels_for(
            "asked", group.notify, f"{group.name}: {what} would go over the month's budget", "{{ task.body }}"
        ),
        retries=0,
        **arguments,
    )
