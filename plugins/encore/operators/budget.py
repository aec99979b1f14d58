"""A question to a person before a run goes over the month's budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.s3 import S3Mixin
from encore import batch_costs, cost, history
from encore.config.models import DatasetGroup
from encore.gates.budget import judge
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeBudgetOperator(S3Mixin, ApprovalOperator):
    """Let a run within its budget go on; ask a person before one goes over it. Without an approval the run ends here.

    :param group: the dataset group, as its section of the pipeline file, which has a `monthly_budget_usd`
    :param solutions: names of the solutions that the run trains (templated)
    :param data_gate: what the data gate has returned (templated)
    :return: `spent`, `expected` and `budget` in USD, and whether somebody was `asked`
    """

    template_fields = ("solutions", "data_gate", *ApprovalOperator.template_fields)
    inherits_from_skipmixin = False

    def __init__(
        self,
        *,
        group: Mapping[str, Any],
        solutions: Sequence[str],
        data_gate: Mapping[str, Any],
        aws_conn_id: str | None = "aws_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.group, self.solutions, self.data_gate = group, solutions, data_gate
        self.aws_conn_id, self.region_name, self.verify, self.botocore_config = aws_conn_id, None, None, None

    def execute(self, context: Context) -> Any:
        require_inputs(self.task_id, solutions=self.solutions, data_gate=self.data_gate)
        group, today = DatasetGroup.model_validate(self.group), datetime.now(UTC).date()
        decision = judge(
            group,
            float(group.monthly_budget_usd or 0),
            cost.Prices.load(),
            history.read(self.s3, group.bucket, group.prefix),
            self.data_gate,
            self.solutions,
            today,
            batch_costs.read(self.s3, group.bucket, group.prefix, today.replace(day=1)),
        )
        self.log.info("%s", decision.text)
        if not decision.is_over:
            figures = {"spent": decision.spent, "expected": decision.expected, "budget": decision.budget}
            return {**figures, "asked": False}
        self.body = decision.text
        self.response_timeout = timedelta(hours=group.approval_hours)
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        answer = HITLOperator.execute_complete(self, context, event)
        if self.APPROVE not in answer["chosen_options"]:
            raise AirflowFailException(
                "The run would have gone over the month's budget and nobody has approved that: nothing was imported or"
                " trained. Approve the next time, raise `monthly_budget_usd`, or train fewer solutions."
            )
        return {**answer, "asked": True}
