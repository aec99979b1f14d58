"""What a run needs is looked for before it begins: each thing that is missing is named, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.export.exceptions import DatabaseConnectionError, ExportError
from airflow_personalize.export.read.first_instant import result_columns
from airflow_personalize.export.read.sources import Source
from airflow_personalize.export.schema.avro import parse_schema
from airflow_personalize.export.schema.matching import match
from airflow_personalize.transfers.partition_template import PartitionMarkers
from airflow_personalize.transfers.sql_source import source_of
from encore.config import INCLUDE, Dataset, DatasetType
from encore.operators.base import DatasetGroupOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

_GONE = {"404", "NoSuchEntity"}
_REFUSED = {"403", "AccessDenied", "AccessDeniedException"}
_PRINCIPAL = "personalize.amazonaws.com"


class PersonalizePreflightOperator(PartitionMarkers, DatasetGroupOperator):
    """
    Look for the product database, the queries' columns, the bucket and the role; nothing is changed.

    All that is missing is named at once. The run is not tried again unless the database or AWS were only away.

    :param queries: by dataset, its query (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("queries")
    template_ext: Sequence[str] = (".sql",)
    ui_color = "#e6f4ea"

    def __init__(self, *, queries: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.queries = queries

    def execute(self, context: Context) -> None:
        away: list[str] = []
        try:
            missing = list(self._of_database())
        except DatabaseConnectionError as error:
            away, missing = [str(error)], []
        for check in (self._bucket, self._role):
            try:
                missing += check()
            except BotoCoreError as error:
                away.append(f"connection {self.aws_conn_id!r}: AWS does not answer: {error}")
        if missing or away:
            text = "The run has not begun. " + "; ".join([*missing, *away])
            raise AirflowFailException(text) if missing else AirflowException(text)
        self.log.info("Database, queries, bucket and role are in order")

    def _of_database(self) -> Iterator[str]:
        group = self.settings
        source = source_of(group.product_db)
        for kind, settings in group.datasets.items():
            try:
                _check_columns(source, kind, settings, self.queries[kind])
            except DatabaseConnectionError:
                raise
            except ExportError as error:
                yield f"{settings.sql}: {error}"
            except Exception as error:  # the database's own words, in each driver's class
                yield f"{settings.sql}: the database of {group.product_db!r} refuses it: {error}"

    def _bucket(self) -> list[str]:
        group = self.settings
        try:
            self.s3.list_objects_v2(Bucket=group.bucket, Prefix=f"{group.prefix}/", MaxKeys=1)
        except ClientError as error:
            return [f"bucket {group.bucket!r} of the pipeline file: {error}"]
        return []

    def _role(self) -> list[str]:
        role = self.settings.role
        client = self.hook.get_session().client(
            "iam", endpoint_url=self.hook.conn_config.get_service_endpoint_url("iam")
        )
        try:
            details = client.get_role(RoleName=role.rsplit("/", 1)[-1])["Role"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                return [f"role {role!r} of the pipeline file: there is none; create it, or correct its name"]
            if code in _REFUSED:  # many accounts don't let Airflow look at roles; Personalize will tell
                self.log.warning("The role %s was not looked at: iam:GetRole is not allowed", role)
                return []
            return [f"role {role!r}: {error}"]
        if _PRINCIPAL not in str(details.get("AssumeRolePolicyDocument", "")):
            return [f"role {role!r}: Personalize can't take it; let it trust {_PRINCIPAL}"]
        return []


def _check_columns(source: Source, kind: DatasetType, settings: Dataset, statement: str) -> None:
    """Hold the query's columns against the schema; the query is asked for no row.

    :raises ExportError: naming what does not fit
    """
    schema = parse_schema((INCLUDE / settings.avro_schema).read_text(encoding="utf-8"))
    now = datetime.now(UTC)
    bounds = {"start": now - timedelta(days=1), "end": now} if kind == "interactions" else {}
    keys = {"low": 0, "high": 1} if settings.bounds_sql and bounds else {}
    match(kind, schema, result_columns(source, statement, {**bounds, **keys}), settings.row_id)
