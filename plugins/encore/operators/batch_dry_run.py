"""What the batch jobs of a run would do, found out by only reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.operators.base import PersonalizeBaseOperator
from airflow_personalize.transfers.sql_source import source_of
from airflow_personalize.transfers.sql_to_personalize_batch_input import write_input
from encore.config.batch import BatchJob
from encore.config.models import DatasetGroup
from encore.config.recipes import BATCH_COLUMNS, BATCH_MOST_LINES
from encore.operators.select_batch_version import NothingToAskError, choose

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeBatchDryRunOperator(PersonalizeBaseOperator):
    """
    Say what the chosen batch jobs would ask, of which version, and where the answers would go.

    :param group: the dataset group, as its section of the pipeline file
    :param queries: the input query of each job, by its name (templated)
    :return: `lines` to read, and by job the number of input lines (None where there would be a failure)
    """

    template_fields: Sequence[str] = aws_template_fields("queries")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"queries": "json"}  # noqa: RUF012

    def __init__(self, *, group: Mapping[str, Any], queries: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.group, self.queries = group, queries

    def execute(self, context: Context) -> dict[str, Any]:
        group = DatasetGroup.model_validate(self.group)
        train, lines, counts = bool(context["params"].get("train")), [], {}
        for name in context["params"]["batches"]:
            job = next(job for job in group.batch_jobs if job.name == name)
            told, counts[name] = self._input(group, job)
            lines += [f"{name}: {told}", f"  {self._version(group, job, train)}", f"  {_places(group, job)}"]
        self.log.info("This was a dry run: nothing was changed.\n%s", "\n".join(lines))
        return {"lines": lines, "input_lines": counts}

    def _input(self, group: DatasetGroup, job: BatchJob) -> tuple[str, int | None]:
        recipe = str(group.recipe_of(job))
        try:
            asked, skipped = write_input(
                source_of(group.product_db), self.queries[job.name], BATCH_COLUMNS[recipe], lambda *_: None,
                BATCH_MOST_LINES.get(recipe),
            )  # fmt: skip
        except ExportError as error:
            return f"would fail: {error}", None
        return f"{asked:,} lines of input, {skipped:,} rows without an id", asked

    def _version(self, group: DatasetGroup, job: BatchJob, train: bool) -> str:
        if job.recipe and train:
            return f"would train solution {job.name} ({job.recipe}) and ask the new version"
        campaign = group.solution(job.solution).campaign_name if job.solution else None
        try:
            chosen = choose(self.client, group.name, job.solution_name, campaign, job.filter)
        except NothingToAskError as error:
            return f"would fail: {error}"
        return f"asks {chosen['solution_version_arn']}: {chosen['because']}"


def _places(group: DatasetGroup, job: BatchJob) -> str:
    table = f", and replace the rows of table {job.table}" if job.table else ""
    return f"{job.num_results} {job.kind} a line to {group.batch_uri(job)}{table}"
