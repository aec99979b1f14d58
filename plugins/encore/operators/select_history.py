"""Which days a run exports before it imports: those that no export has written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.export import manifest as manifests
from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.partitions import Partition, day
from airflow_personalize.export.read.first_instant import first_instant
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.shards import key_range
from airflow_personalize.export.validation.value_rules import EARLIEST
from airflow_personalize.transfers.base import PersonalizeDatasetTransferOperator
from airflow_personalize.transfers.partition_template import PartitionMarkers
from airflow_personalize.transfers.sql_source import source_of
from encore.runs.export_days import AS_EXPORTED, HistoryError, in_tasks, missing_days
from encore.task_inputs import require_inputs

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeSelectHistoryOperator(PartitionMarkers, PersonalizeDatasetTransferOperator):
    """
    The partitions of interactions that a run exports first, from the first interaction in the table on.

    The database is only asked for rows before the oldest exported day, so a run that misses nothing costs it little.

    :param history: `first_interaction`, or `exported` to export nothing (templated)
    :param sql: the query of the interactions (templated)
    :param bounds_sql: the query for the first and last key, where `sql` has `{{ low }}` and `{{ high }}` (templated)
    :param conn_id: the product database
    :param as_of: the last day that is of interest, YYYY-MM-DD; default: yesterday, in UTC (templated)
    :param begin: the day before which nothing is exported
    :param keep_days: days after which partitions are removed, which are not exported again
    :return: partitions as `SqlToPersonalizeDatasetOperator` takes them, in lists for mapped exports
    """

    template_fields: Sequence[str] = aws_template_fields(
        "dataset", "bucket", "prefix", "history", "sql", "bounds_sql", "as_of"
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"sql": "sql", "bounds_sql": "sql"}  # noqa: RUF012

    def __init__(
        self,
        *,
        history: str,
        sql: str,
        bounds_sql: str | None = None,
        conn_id: str = "product_db",
        as_of: str | None = None,
        begin: date | None = None,
        keep_days: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.history, self.sql, self.bounds_sql, self.conn_id = history, sql, bounds_sql, conn_id
        self.as_of, self.begin, self.keep_days = as_of, begin, keep_days

    def execute(self, context: Context) -> list[list[dict[str, Any]]]:
        require_inputs(self.task_id, history=self.history)
        exported = manifests.days(manifests.finished(self.s3, self.location))
        if self.history == AS_EXPORTED:
            if not exported:
                raise AirflowFailException(
                    f"history={AS_EXPORTED}, but no interactions are exported to {self.location.uri} yet: trigger this "
                    "run again with the first choice of History."
                )
            self.log.info("history=%s: %d days are exported, no other is", AS_EXPORTED, len(exported))
            return []
        try:
            return self._missing(exported, datetime.now(UTC).date())
        except (ExportError, HistoryError) as error:
            raise AirflowFailException(str(error)) from None

    def _missing(self, exported: Sequence[str], today: date) -> list[list[dict[str, Any]]]:
        last = date.fromisoformat(self.as_of) if self.as_of else today - timedelta(days=1)
        oldest = min([key for key in exported if key <= last.isoformat()], default=None)
        before = date.fromisoformat(oldest) if oldest else last + timedelta(days=1)
        keys, first = self._read_source(before)
        if first is None and not exported:
            raise HistoryError(
                f"The query of the interactions gives no row before {before} (UTC), so there is nothing to train on: "
                f"fill the table in the database of the connection {self.conn_id!r}, or mend the query."
            )
        missing = missing_days(exported, first, self._earliest(today), last)
        if not missing:
            self.log.info("All days from the first interaction on are exported")
            return []
        self.log.info(
            "Exporting %d days first, from %s to %s, which no export has written; %d are exported already",
            len(missing),
            missing[0],
            missing[-1],
            len(exported),
        )
        return [[{**partition, **keys} for partition in task] for task in in_tasks(missing)]

    def _earliest(self, today: date) -> date | None:
        first_kept = today - timedelta(days=self.keep_days) if self.keep_days else None
        return max([limit for limit in (self.begin, first_kept) if limit], default=None)

    def _read_source(self, before: date) -> tuple[dict[str, int], date | None]:
        """The keys of all rows, where the query asks for them, and the day of the first row before a day."""
        source = source_of(self.conn_id)
        start, end = datetime.fromtimestamp(EARLIEST, UTC), day(before.isoformat()).start
        keys = self._keys(source, Partition("history", start, datetime.now(UTC)))
        instant = first_instant(source, self.sql, {"start": start, "end": end, **keys})
        return keys, instant.date() if instant else None

    def _keys(self, source: Source, history: Partition) -> dict[str, int]:
        if not self.bounds_sql:
            return {}
        low, high = key_range(source, self.bounds_sql, history)
        return {"low": low, "high": high + 1}
