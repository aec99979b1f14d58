"""What a batch job has cost is recorded, so that the month's cost and its budget have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from encore import batch_costs, cost
from encore.config.recipes import PRICED_BY_INTERACTION
from encore.operators.base import DatasetGroupOperator
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeRecordBatchOperator(DatasetGroupOperator):
    """
    Record what a batch job has cost at the service: its lines, and the training of a solution of its own.

    Segments are priced by the users of the dataset, which no line says: their job is recorded without a price.

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
        job = next(job for job in group.batch_jobs if job.name == self.job)
        recipe, lines = str(group.recipe_of(job)), int(self.lines)
        answers = None if job.kind == "segments" else lines / 1000 * prices.batch(recipe)
        training = self._training(context, prices, recipe) if job.recipe else 0.0
        usd = None if answers is None and not training else (answers or 0.0) + training
        run = context["dag_run"]
        row = {"recorded_at": run.run_after.isoformat(), "job": self.job, "lines": lines, "usd": usd}
        location = batch_costs.write(
            self.s3, group.bucket, group.prefix, f"{context['ti'].run_id}-{self.job}", row
        )
        said = "priced by the users of the dataset" if usd is None else f"{usd:.2f} USD"
        self.log.info("%s: %s lines, %s; recorded in %s", self.job, f"{lines:,}", said, location)
        return {"job": self.job, "lines": lines, "usd": usd}

    def _training(self, context: Context, prices: cost.Prices, recipe: str) -> float:
        """Of the version, where this run has trained it; what is priced by interactions is no recipe of such a job."""
        version = self.describe("solution_version", solutionVersionArn=self.solution_version_arn) or {}
        begun = context["dag_run"].start_date
        is_new = bool(version) and begun is not None and version["creationDateTime"] >= begun
        if not is_new or recipe in PRICED_BY_INTERACTION:
            return 0.0
        return float(version.get("trainingHours") or 0.0) * prices.training_hour
