"""What the batch jobs of a run would do, found out by only reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.transfers.sql_source import source_of
from airflow_personalize.transfers.sql_to_personalize_batch_input import write_input
from encore import cost, history
from encore.config.batch import BatchJob
from encore.config.models import DatasetGroup
from encore.config.recipes import BATCH_COLUMNS, BATCH_MOST_LINES
from encore.operators.base import DatasetGroupOperator
from encore.operators.select_batch_version import NoVersionError, select_version
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeBatchDryRunOperator(DatasetGroupOperator):
    """
    Say what the chosen batch jobs would ask, of which version, and where the answers would go.

    :param group: the dataset group, as its section of the pipeline file
    :param queries: the input query of each job, by its name (templated)
    :param batches: names of the chosen jobs (templated)
    :param train: whether jobs with a recipe of their own train first (templated)
    :return: `lines` to read, and by job the number of input lines (None where there would be a failure)
    """

    template_fields: Sequence[str] = aws_template_fields("queries", "batches", "train")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"queries": "json"}  # noqa: RUF012

    def __init__(
        self, *, queries: Mapping[str, str], batches: Sequence[str], train: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.queries, self.batches, self.train = queries, batches, train

    def execute(self, context: Context) -> dict[str, Any]:
        require_inputs(self.task_id, batches=self.batches)
        group, lines, counts = self.settings, [], {}
        for name in self.batches:
            job = next(job for job in group.batch_jobs if job.name == name)
            description, counts[name] = self._input(group, job)
            lines += [
                f"{name}: {description}",
                f"  {self._version(group, job)}",
                f"  {_destination(group, job)}",
            ]
        self.log.info("This was a dry run: nothing was changed.\n%s", "\n".join(lines))
        return {"lines": lines, "input_lines": counts}

    def _input(self, group: DatasetGroup, job: BatchJob) -> tuple[str, int | None]:
        recipe = str(group.recipe_of(job))
        try:
            count, skipped = write_input(
                source_of(group.product_db),
                self.queries[job.name],
                BATCH_COLUMNS[recipe],
                lambda *_: None,
                BATCH_MOST_LINES.get(recipe),
            )
        except ExportError as error:
            return f"would fail: {error}", None
        text = f"{count:,} lines of input, {skipped:,} rows without an id"
        past = history.read(self.s3, group.bucket, group.prefix, newest=history.COMPARED_RUNS)
        item = cost.batch_item(cost.Prices.load(), job.name, recipe, count, cost.last_rows(past, "users"))
        price = f"about {item.usd:.2f} USD" if item.usd is not None else f"{item.quantity}, {item.price}"
        return f"{text}; {price}", count

    def _version(self, group: DatasetGroup, job: BatchJob) -> str:
        if job.recipe and self.train:
            return f"would train solution {job.name} ({job.recipe}) and ask the new version"
        campaign = group.solution(job.solution).campaign_name if job.solution else None
        try:
            selected = select_version(self.client, group.name, job.solution_name, campaign, job.filter)
        except NoVersionError as error:
            return f"would fail: {error}"
        return f"asks {selected['solution_version_arn']}: {selected['because']}"


def _destination(group: DatasetGroup, job: BatchJob) -> str:
    table = f", and replace the rows of table {job.table}" if job.table else ""
    return f"{job.num_results} {job.kind} a line to {group.batch_uri(job)}{table}"
