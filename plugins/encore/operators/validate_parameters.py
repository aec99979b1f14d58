"""The parameters of a run: checked before anything is done, and where a dry run branches off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.branch import BaseBranchOperator
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.s3 import s3_client
from encore.config.models import DatasetGroup
from encore.experiments import record
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
        choices = {**plan.as_json(), "solutions": self._without_loser(group, plan.solutions)}
        # Pushed by hand: skipping tasks ends this one before Airflow pushes what it returns.
        for key, value in {**choices, BaseXCom.XCOM_RETURN_KEY: choices}.items():
            context["ti"].xcom_push(key=key, value=value)
        self.do_branch(context, sorted(dry_run if plan.dry_run else downstream - dry_run))
        return choices

    def _without_loser(self, group: DatasetGroup, selected: Sequence[str]) -> list[str]:
        """What is trained: the loser of an experiment that has ended only where nothing else is chosen."""
        if group.experiment is None:
            return list(selected)
        try:
            document = record.read(s3_client(group.aws_conn_id), group, group.experiment)
        except (BotoCoreError, ClientError) as error:
            self.log.warning("Whether the experiment has ended was not read: %s", error)
            return list(selected)
        loser = record.loser(group.experiment, document)
        others = [name for name in selected if name != loser]
        if others and loser in selected:
            self.log.info("%s has lost the experiment %s: it is not trained.", loser, group.experiment.name)
        return others or list(selected)
