"""From a query to the input of a batch job: JSON lines in S3, written as the rows are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.batch.input import BatchInputEncoder
from airflow_personalize.export.exceptions import ExportError
from airflow_personalize.export.manifest import new_attempt
from airflow_personalize.export.read.prefetch import ReadAhead
from airflow_personalize.export.write.multipart import S3Files
from airflow_personalize.transfers.base import PersonalizeTransferOperator
from airflow_personalize.transfers.sql_source import source_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class SqlToPersonalizeBatchInputOperator(PersonalizeTransferOperator):
    """Writes the rows of a query as the JSON lines of a batch job's input.

    Each try writes to a folder of its own, so that a job never reads half of one and half of another.

    :param sql: the query, or a `.sql` file (templated)
    :param columns: the columns that a line is made of: `user_id`, `item_id`, `item_list` (a list, or JSON text of
        one), `item_attributes`; `filter_values` (JSON text) is taken where the query has it
    :param bucket: where to write (templated)
    :param folder: the key prefix below which the run's input and output go (templated)
    :param most_lines: lines that the recipe takes
    :param conn_id: the product database
    :return: `input` and `output`, the `s3://` folders for the job; `lines`, and rows `skipped` for want of an id
    """

    template_fields: Sequence[str] = aws_template_fields("sql", "bucket", "folder", "conn_id")
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers = {"sql": "sql"}  # noqa: RUF012

    def __init__(
        self,
        *,
        sql: str,
        columns: Sequence[str],
        bucket: str,
        folder: str,
        most_lines: int | None = None,
        conn_id: str = "product_db",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql = sql
        self.columns = columns
        self.bucket = bucket
        self.folder = folder
        self.most_lines = most_lines
        self.conn_id = conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        folder = f"{self.folder.strip('/')}/{new_attempt()}"
        files = S3Files(
            self.s3,
            self.bucket,
            f"{folder}/input/part-",
            b"",
            suffix=".json",
            content_type="application/json",
        )
        try:
            lines, skipped = write_input(
                source_of(self.conn_id), self.sql, self.columns, files.write, self.most_lines
            )
            files.close()
        except ExportError as error:
            files.abort()
            raise AirflowFailException(str(error)) from None
        except BaseException:
            files.abort()
            raise
        base = f"s3://{self.bucket}/{folder}"
        self.log.info(
            "%s lines in %s/input/; %s rows without an id left out", f"{lines:,}", base, f"{skipped:,}"
        )
        return {"input": f"{base}/input/", "output": f"{base}/output/", "lines": lines, "skipped": skipped}


def write_input(
    source: Any, sql: str, columns: Sequence[str], write: Any, most_lines: int | None = None
) -> tuple[int, int]:
    """Give each part of the lines to `write`, with their number; returns lines and skipped rows.

    :raises ExportError: if nothing is left to ask, or more than the recipe takes.
    """
    with ReadAhead(source.query(sql, {})) as rows:
        encoder = BatchInputEncoder(columns, rows.names)
        for batch in rows.batches:
            text, count = encoder.encode(batch)
            if most_lines is not None and encoder.lines > most_lines:
                raise ExportError(
                    f"the query of the batch job's input gives more than {most_lines} lines, the most that the"
                    " recipe takes: name fewer in a query file"
                )
            if count:
                write(text, count)
    if not encoder.lines:
        raise ExportError(
            f"the query of the batch job's input gives nothing to ask about ({encoder.skipped} rows without an id)"
        )
    return encoder.lines, encoder.skipped
