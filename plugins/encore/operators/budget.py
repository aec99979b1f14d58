"""A question to a person before a run goes over the month's budget: the same for every DAG with a paid step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from airflow_personalize.s3 import S3Mixin
from encore import batch_costs, cost, history
from encore.config.models import DatasetGroup
from encore.gates import budget
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context

Rows = Sequence[Mapping[str, Any]]


class BudgetOperator(S3Mixin, ApprovalOperator):
    """Let a run within its budget go on; ask a person before one goes over it. Without an approval the run ends here.

    :param group: the dataset group, as its section of the pipeline file, which has a `monthly_budget_usd`
    :return: `spent`, `expected` and `budget` in USD, what is `unknown`, and whether somebody was `asked`
    """

    inherits_from_skipmixin = False

    def __init__(
        self, *, group: Mapping[str, Any], aws_conn_id: str | None = "aws_default", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.group = group
        self.aws_conn_id, self.region_name, self.verify, self.botocore_config = aws_conn_id, None, None, None

    @abstractmethod
    def estimate(self, group: DatasetGroup, past: Rows, batch: Rows) -> cost.Estimate:
        """What the run costs.

        :param past: the history, oldest first
        :param batch: what batch jobs have cost
        """

    def execute(self, context: Context) -> Any:
        group, today = DatasetGroup.model_validate(self.group), datetime.now(UTC).date()
        past = history.read(self.s3, group.bucket, group.prefix)
        batch = self._recorded(group, today.replace(day=1))
        estimate = self.estimate(group, past, batch)
        decision = budget.judge(float(group.monthly_budget_usd or 0), estimate, past, today, batch)
        self.log.info("%s\n%s", decision.text, estimate.as_text())
        if not decision.is_over:
            figures = {"spent": decision.spent, "expected": decision.expected, "budget": decision.budget}
            return {**figures, "unknown": list(decision.unknown), "asked": False}
        self.body = decision.text
        self.response_timeout = timedelta(hours=group.approval_hours)
        return super().execute(context)

    def _recorded(self, group: DatasetGroup, since: date | None) -> Rows:
        """What batch jobs have cost since the month began."""
        return batch_costs.read(self.s3, group.bucket, group.prefix, since)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        answer = HITLOperator.execute_complete(self, context, event)
        if self.APPROVE not in answer["chosen_options"]:
            raise AirflowFailException(
                "The run would have gone over the month's budget and nobody has approved that: nothing that costs was"
                " begun. Approve the next time, raise `monthly_budget_usd`, or choose less."
            )
        return {**answer, "asked": True}


class PersonalizeRetrainingBudgetOperator(BudgetOperator):
    """The budget before a retraining imports and trains.

    :param solutions: names of the solutions that the run trains (templated)
    :param data_gate: what the data gate has returned (templated)
    """

    template_fields = ("solutions", "data_gate", *ApprovalOperator.template_fields)

    def __init__(self, *, solutions: Sequence[str], data_gate: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solutions, self.data_gate = solutions, data_gate

    def estimate(self, group: DatasetGroup, past: Rows, batch: Rows) -> cost.Estimate:
        require_inputs(self.task_id, solutions=self.solutions, data_gate=self.data_gate)
        return budget.of_retraining(group, cost.Prices.load(), past, self.data_gate, self.solutions)


class PersonalizeBatchBudgetOperator(BudgetOperator):
    """The budget before batch jobs train and are asked.

    :param lines: by job, how many lines it asks; None of a job that was not chosen, or whose input has failed
        (templated)
    :param train: whether jobs with a recipe of their own train first (templated)
    """

    template_fields = ("lines", "train", *ApprovalOperator.template_fields)

    def __init__(self, *, lines: Mapping[str, Any], train: Any = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lines, self.train = lines, train

    def _recorded(self, group: DatasetGroup, since: date | None) -> Rows:
        """Of all months where jobs train: how long that took is in the newest record of each."""
        return super()._recorded(group, None if self.train else since)

    def estimate(self, group: DatasetGroup, past: Rows, batch: Rows) -> cost.Estimate:
        lines = {name: None if number is None else int(number) for name, number in self.lines.items()}
        if not any(number is not None for number in lines.values()):
            raise AirflowSkipException("No job is asked anything.")
        return budget.of_batch_jobs(group, cost.Prices.load(), past, batch, lines, bool(self.train))
