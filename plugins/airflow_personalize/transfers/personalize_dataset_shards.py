"""Wide partitions shared by mapped tasks: plan the slices, export each, commit them as one.

plan = PersonalizeDatasetPlanOperator(task_id="plan", dataset="interactions", shards=4)
export = SqlToPersonalizeDatasetOperator.partial(task_id="export", ...).expand(partitions=plan.output)
PersonalizeDatasetCommitOperator(task_id="commit", ..., shards=export.output)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.providers.common.compat.sdk import conf
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.partitions import Partition, from_context
from airflow_personalize.export.shards import commit_all, plan
from airflow_personalize.export.statistics.distinct import DistinctIds
from airflow_personalize.export.statistics.summary import Summary, total
from airflow_personalize.transfers.asset_metadata import describe_outlets
from airflow_personalize.transfers.base import PersonalizeDatasetTransferOperator
from airflow_personalize.transfers.partition_template import PartitionMarkers
from airflow_personalize.transfers.sql_source import source_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeDatasetPlanOperator(PartitionMarkers):
    """Cuts partitions into slices for mapped exports: in time, or by a key of whole numbers.

    :param dataset: the dataset's folder, which decides what a run exports by default (templated)
    :param partitions: list of `{"key", "start", "end"}`; default: the run's own (templated)
    :param shards: slices of each partition
    :param bounds_sql: a query for the first and last key of a partition; the export's query then has
        `{{ low }}` and `{{ high }}` (half-open) beside `{{ start }}` and `{{ end }}` (templated)
    :param conn_id: the product database, for `bounds_sql`
    :return: one list of partitions for each mapped export
    """

    template_fields: Sequence[str] = ("dataset", "partitions", "bounds_sql", "conn_id")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"bounds_sql": "sql", "partitions": "json"}  # noqa: RUF012
    ui_color = "#e6f4ea"

    def __init__(
        self,
        *,
        dataset: str,
        shards: int = 4,
        partitions: Sequence[Mapping[str, Any]] | None = None,
        bounds_sql: str | None = None,
        conn_id: str = "product_db",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.shards = shards
        self.partitions = partitions
        self.bounds_sql = bounds_sql
        self.conn_id = conn_id

    def execute(self, context: Context) -> list[list[dict[str, Any]]]:
        try:
            if self.partitions is None:
                wanted = from_context(context, self.dataset.upper())
            else:
                wanted = [Partition.from_dict(partition) for partition in self.partitions]
            source = source_of(self.conn_id) if self.bounds_sql else None
            slices = [
                part for partition in wanted for part in plan(partition, self.shards, source, self.bounds_sql)
            ]
        except ExportError as error:
            raise AirflowFailException(str(error)) from None
        most = conf.getint("core", "max_map_length", fallback=1024)
        if len(slices) > most:
            raise AirflowFailException(
                f"{len(wanted)} partitions in {self.shards} slices each are {len(slices)} tasks, and Airflow maps"
                f" {most} at most: export at most {most // self.shards} days in one run, or raise [core] max_map_length"
            )
        return [[part.to_dict()] for part in slices]


class PersonalizeDatasetCommitOperator(PersonalizeDatasetTransferOperator):
    """Makes the slices that mapped exports wrote the current partitions, all of them at once.

    :param shards: what the mapped exports returned (templated)
    :param rejected_limit: the share of a whole partition's rejected rows above which the task fails
    :return: the summary of the whole partitions, see `airflow_personalize.export.statistics.summary`
    """

    template_fields: Sequence[str] = aws_template_fields("dataset", "bucket", "prefix", "shards")

    def __init__(
        self,
        *,
        shards: Iterable[Mapping[str, Any]],
        rejected_limit: float = 0.01,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shards = shards
        self.rejected_limit = rejected_limit

    def execute(self, context: Context) -> dict[str, Any]:
        distinct = DistinctIds()
        written = [Summary.from_dict(partition) for shard in self.shards for partition in shard["partitions"]]
        try:
            done = commit_all(self.s3, self.location, written, self.rejected_limit, distinct)
        except ExportError as error:
            raise AirflowFailException(str(error)) from None
        summary = total(done, self.dataset, self.location.uri, distinct.counts())
        describe_outlets(self.outlets, context, summary)
        return summary
