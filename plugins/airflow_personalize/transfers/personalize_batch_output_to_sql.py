"""From a batch job's answers to a table of the product database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.batch.output import MatchCounts, TooManyErrorsError, columns_of, rows
from airflow_personalize.batch.table_loader import Replacement, TableError
from airflow_personalize.pagination import list_objects, split_uri
from airflow_personalize.transfers.base import PersonalizeTransferOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeBatchOutputToSqlOperator(PersonalizeTransferOperator):
    """Counts the answers of a batch job, and puts them in the place of a table's rows.

    The table changes in one transaction, or not at all: also when too many lines have no answer. Doing it again
    gives the same table.

    :param output_location: the `s3://` folder that the job wrote to (templated)
    :param lines: how many lines the job's input has (templated)
    :param kind: `recommendations` or `segments`
    :param columns: what a line was made of, as for `SqlToPersonalizeBatchInputOperator`
    :param table: the table, made if it is not there; without one the answers are only counted
    :param error_limit: the share of lines without an answer (0 to 1) above which the task fails
    :param conn_id: the product database: PostgreSQL or SQLite
    :return: `output`, `lines`, `answered`, `failed`, `missing`, `rows`, `table` and some `examples` of errors
    """

    template_fields: Sequence[str] = aws_template_fields("output_location", "lines", "conn_id")

    def __init__(
        self,
        *,
        output_location: str,
        lines: int | str,
        columns: Sequence[str],
        kind: str = "recommendations",
        table: str | None = None,
        error_limit: float = 0.01,
        conn_id: str = "product_db",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_location = output_location
        self.lines = lines
        self.columns = columns
        self.kind = kind
        self.table = table
        self.error_limit = error_limit
        self.conn_id = conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        counts = MatchCounts(int(self.lines))
        columns = columns_of(self.kind, self.columns)
        answers = rows(self._lines(), columns, counts)
        try:
            written = self._replace(answers, columns, counts) if self.table else self._count(answers, counts)
        except (TooManyErrorsError, TableError) as error:
            raise AirflowFailException(f"{self.output_location}: {error}") from None
        if counts.failed or counts.missing:
            self.log.warning(
                "%d lines have an error, %d no answer at all. For example: %s",
                counts.failed,
                counts.missing,
                "; ".join(counts.examples),
            )
        where = f" in {self.table}" if self.table else ""
        self.log.info("%s answers, %s rows%s", f"{counts.answered:,}", f"{written:,}", where)
        outcome = {"output": self.output_location, **counts.as_json(), "rows": written, "table": self.table}
        for outlet in self.outlets:
            context["outlet_events"][outlet].extra = outcome
        return outcome

    def _lines(self) -> Iterator[bytes]:
        bucket, prefix = split_uri(self.output_location)
        for entry in list_objects(self.s3, bucket, prefix):
            if entry["Key"].endswith(".out"):
                yield from self.s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].iter_lines(1 << 20)

    def _count(self, answers: Iterator[Any], counts: MatchCounts) -> int:
        count = sum(1 for _ in answers)
        counts.check(self.error_limit)
        return count

    def _replace(self, answers: Iterator[Any], columns: Sequence[str], counts: MatchCounts) -> int:
        connection = BaseHook.get_connection(self.conn_id)
        hook = connection.get_hook()
        if not isinstance(hook, DbApiHook):
            raise TableError(f"connection {self.conn_id!r} is no database")
        kind = "postgres" if connection.conn_type in {"postgres", "postgresql"} else str(connection.conn_type)
        with closing(hook.get_conn()) as database:
            replacement = Replacement(database, kind, hook.placeholder, str(self.table), columns)
            replacement.prepare()
            count = replacement.add(answers)
            counts.check(self.error_limit)
            replacement.commit()
        return count
