"""The parameters of a run: checked before anything is done, and where a dry run branches off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException

from encore.config.models import DatasetGroup
from encore.runs import parameters

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeValidateParametersOperator(BaseBranchOperator):
    """
    Refuse parameters that do not go together. A dry run leads to one task, any other run to all others.

    :param group: the dataset group, as its section of the pipeline file
    :param dry_run_task_id: the task, directly downstream, that a dry run leads to
    :return: the run's plan, see `encore.runs.plan.RunPlan`; each of its choices is an XCom of its own as well
    """

    def __init__(self, *, group: Mapping[str, Any], dry_run_task_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group, self.dry_run_task_id = group, dry_run_task_id

    def execute(self, context: Context) -> dict[str, Any]:
        downstream, dry_run = set(self.downstream_task_ids), {self.dry_run_task_id}
        if not dry_run <= downstream:
            raise AirflowFailException(f"{self.task_id}: no task {self.dry_run_task_id} is downstream of it.")
        group = DatasetGroup.model_validate(self.group)
        try:
            plan = parameters.validate(context["params"], group, datetime.now(UTC).date())
        except parameters.RunRefusedError as error:
            raise AirflowFailException(str(error)) from None
        choices = plan.as_json()
        # Pushed by hand: skipping tasks ends this one before Airflow pushes what it returns.
        for key, value in {**choices, BaseXCom.XCOM_RETURN_KEY: choices}.items():
            context["ti"].xcom_push(key=key, value=value)
        self.do_branch(context, sorted(dry_run if plan.dry_run else downstream - dry_run))
        return choices
