"""What a batch job has cost is recorded, so that the month's cost and its budget have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from encore import batch_costs, cost, history
from encore.operators.base import DatasetGroupOperator
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeRecordBatchOperator(DatasetGroupOperator):
    """
    Record what a batch job has cost at the service: its lines, and the training of a solution of its own.

    What has no price in the price list, or counts users that nobody has counted, is recorded without one.

    :param job: the job's name in the pipeline file
    :param lines: how many lines were asked (templated)
    :param solution_version_arn: the version that answered (templated)
    :return: `job`, `lines` and `usd`, None where it is not known
    """

    template_fields: Sequence[str] = aws_template_fields("lines", "solution_version_arn")

    def __init__(self, *, job: str, lines: int | str, solution_version_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job, self.lines, self.solution_version_arn = job, lines, solution_version_arn

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, lines=self.lines, solution_version_arn=self.solution_version_arn)
        group, prices = self.settings, cost.Prices.load()
        past = history.read(self.s3, group.bucket, group.prefix, newest=history.COMPARED_RUNS)
        job = next(job for job in group.batch_jobs if job.name == self.job)
        recipe, lines = str(group.recipe_of(job)), int(self.lines)
        items = [cost.batch_item(prices, self.job, recipe, lines, cost.last_rows(past, "users"))]
        hours = None
        if job.recipe and (version := self._trained(context)):
            hours = float(version.get("trainingHours") or 0.0)
            training = cost.Training(self.job, recipe, hours)
            items.append(cost.training_item(prices, training, cost.last_rows(past, "interactions")))
        estimate = cost.Estimate(items, prices.as_of)
        usd = None if len(estimate.unknown) == len(items) else estimate.usd
        run = context["dag_run"]
        row = {
            "recorded_at": run.run_after.isoformat(),
            "job": self.job,
            "lines": lines,
            "usd": usd,
            "training_hours": hours,
            "unknown": estimate.unknown,
        }
        location = batch_costs.write(
            self.s3, group.bucket, group.prefix, f"{context['ti'].run_id}-{self.job}", row
        )
        self.log.info("%s: recorded in %s\n%s", self.job, location, estimate.as_text())
        return {"job": self.job, "lines": lines, "usd": usd}

    def _trained(self, context: Context) -> dict[str, Any] | None:
        """The version, where this run has trained it."""
        version = self.describe("solution_version", solutionVersionArn=self.solution_version_arn)
        begun = context["dag_run"].start_date
        is_new = version is not None and begun is not None and version["creationDateTime"] >= begun
        return version if is_new else None
