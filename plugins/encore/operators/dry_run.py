"""A run that changes nothing: what it would do and cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from encore import cost, history
from encore.operators.base import DatasetGroupOperator
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDryRunOperator(DatasetGroupOperator):
    """Say what a run would do and cost, by only reading.

    :param plan: the run's plan (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("plan")

    def __init__(self, *, plan: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plan = plan

    def execute(self, context: Context) -> dict[str, Any]:
        from encore.runs.dry_run import preview

        require_inputs(self.task_id, plan=self.plan)
        group = self.settings
        past = history.read(self.s3, group.bucket, group.prefix, newest=history.COMPARED_RUNS)
        outcome = preview(group, self.plan, self.s3, self.client, past, cost.Prices.load())
        self.log.info("This was a dry run: nothing was changed.\n%s", "\n".join(outcome["lines"]))
        return outcome
