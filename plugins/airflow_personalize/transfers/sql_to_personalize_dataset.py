"""From a query to a dataset of Amazon Personalize: checked CSVs in S3, one partition or many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.observability import stats

from airflow_personalize import lineage
from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.exporter import Export
from airflow_personalize.export.partitions import Partition, from_context
from airflow_personalize.export.read.sources import BATCH_BYTES
from airflow_personalize.export.schema.avro import DatasetSchema, parse_schema
from airflow_personalize.export.startup import frozen_heap, frugal_memory
from airflow_personalize.export.statistics.distinct import DistinctIds
from airflow_personalize.export.statistics.summary import Summary, total
from airflow_personalize.export.validation.contract import Contract
from airflow_personalize.export.write.multipart import Sizes
from airflow_personalize.transfers.asset_metadata import describe_outlets
from airflow_personalize.transfers.base import PersonalizeDatasetTransferOperator
from airflow_personalize.transfers.partition_template import PartitionMarkers
from airflow_personalize.transfers.sql_source import source_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class SqlToPersonalizeDatasetOperator(PartitionMarkers, PersonalizeDatasetTransferOperator):
    """Exports a query's rows, checked against an Avro schema, as partitions of a dataset in S3.

    In `sql`, `{{ start }}` and `{{ end }}` stand where a timestamp does, without quotes: each partition's own
    bounds.

    :param sql: the query, or a `.sql` file; its columns are named like the schema's fields (templated)
    :param schema: the dataset's Avro schema: a `.json` file, JSON text or the object (templated)
    :param conn_id: the product database; PostgreSQL is read through ADBC, others through their hook
    :param partitions: list of `{"key", "start", "end"}`; default: the run's partition key or data interval
        for interactions, the whole table for users and items (templated)
    :param contract: what happens to rows that break a rule (`airflow_personalize.export.validation.contract.Contract`)
    :param rejected_limit: the share of rejected rows (0 to 1) above which the task fails
    :param row_id: a column of the query that tells rows apart (a primary key): it is not exported, but kept for the
        snapshot to find rows that are there more than once
    :param part_size: bytes of an upload's part, 5 MiB or more
    :param file_size: bytes after which another file is begun
    :return: a summary, see `airflow_personalize.export.statistics.summary`
    """

    template_fields: Sequence[str] = aws_template_fields(
        "sql", "schema", "dataset", "bucket", "prefix", "partitions", "conn_id"
    )
    template_ext: Sequence[str] = (".sql", ".json")
    template_fields_renderers = {"sql": "sql", "schema": "json", "partitions": "json"}  # noqa: RUF012

    def __init__(
        self,
        *,
        sql: str,
        schema: str | Mapping[str, Any],
        conn_id: str = "product_db",
        partitions: Sequence[Mapping[str, Any]] | str | None = None,
        contract: Contract | Mapping[str, Any] | None = None,
        rejected_limit: float = 0.01,
        row_id: str | None = None,
        part_size: int = Sizes.part,
        file_size: int = Sizes.file,
        batch_bytes: int = BATCH_BYTES,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self._query = f"query {sql}" if isinstance(sql, str) and sql.endswith(".sql") else "the query"
        self.schema = schema
        self.conn_id = conn_id
        self.partitions = partitions
        self.contract = contract
        self.rejected_limit = rejected_limit
        self.row_id = row_id
        self.part_size = part_size
        self.file_size = file_size
        self.batch_bytes = batch_bytes
        self._written: dict[str, int] | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        distinct = DistinctIds()
        try:
            with frozen_heap(), frugal_memory():
                export = self._export()
                partitions = self._partitions(context, export.schema)
                if len(partitions) > 1:
                    export = replace(export, distinct=distinct)
                summaries = [self._run(export, partition) for partition in partitions]
        except ExportError as error:
            raise AirflowFailException(str(error)) from None
        summary = total(summaries, self.dataset, self.location.uri, distinct.counts())
        describe_outlets(self.outlets, context, summary)
        self._written = {"rows": summary["rows_written"], "bytes": summary["bytes"]}
        self._count(summaries)
        return summary

    def _count(self, summaries: Sequence[Summary]) -> None:
        """Metrics, through whatever Airflow sends its own by."""
        tags = {"dataset": self.dataset, "dag_id": self.dag_id}
        stats.incr("personalize.export.rows", sum(s.rows_written for s in summaries), tags=tags)
        stats.incr("personalize.export.rejected_rows", sum(s.rows_rejected for s in summaries), tags=tags)
        stats.timing("personalize.export.duration", sum(s.seconds for s in summaries) * 1000, tags=tags)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """From the query's tables to the dataset's folder. Called by Airflow's OpenLineage provider, if it is there."""
        tables = lineage.of_tables(self.sql, BaseHook.get_connection(self.conn_id))
        return lineage.lineage(tables, [lineage.of_s3(self.location.uri)], self._written)

    def _export(self) -> Export:
        contract = self.contract
        return Export(
            source=source_of(self.conn_id, self.batch_bytes),
            client=self.s3,
            location=self.location,
            schema=parse_schema(self.schema, source=f"schema of dataset {self.dataset!r}"),
            contract=contract if isinstance(contract, Contract) else Contract.model_validate(contract or {}),
            rejected_limit=self.rejected_limit,
            sizes=Sizes(part=self.part_size, file=self.file_size),
            query=self._query,
            row_id=self.row_id,
        )

    def _partitions(self, context: Context, schema: DatasetSchema) -> list[Partition]:
        partitions = self.partitions
        if partitions is None:
            return from_context(context, schema.dataset_type)
        if isinstance(partitions, str):
            raise ExportError(
                f"partitions is the text {partitions!r}: set render_template_as_native_obj, or pass a list"
            )
        return [Partition.from_dict(partition) for partition in partitions]

    def _run(self, export: Export, partition: Partition) -> Summary:
        summary = export.run(self.sql, partition)
        self.log.info(
            "%s %s: %s rows read, %s written, %s rejected %s; %.1f MB in %d files, %.1f s",
            self.dataset,
            partition.key,
            f"{summary.rows_read:,}",
            f"{summary.rows_written:,}",
            f"{summary.rows_rejected:,}",
            dict(summary.rejected),
            summary.bytes / 1e6,
            len(summary.files),
            summary.seconds,
        )
        if summary.rejected_location:
            self.log.warning(
                "rejected rows: %s. Examples: %s", summary.rejected_location, "; ".join(summary.examples)
            )
        return summary
