"""What a run needs is looked for before it begins: each thing that is missing is named, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import BotoCoreError

from airflow_personalize.export.exceptions import DatabaseConnectionError
from airflow_personalize.transfers.partition_template import PartitionMarkers
from encore.config import include_folder
from encore.deployment.clients import client_of
from encore.deployment.surroundings import NotAllowedError, bucket_problems, database_problems, role_problems
from encore.operators.base import DatasetGroupOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


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
        group = self.settings
        away: list[str] = []
        try:
            missing = list(database_problems(group, self.queries, include_folder()))
        except DatabaseConnectionError as error:
            away, missing = [str(error)], []
        checks: list[Callable[[], list[str]]] = [
            lambda: bucket_problems(group, self.s3),
            lambda: role_problems(group, client_of(self.hook, "iam")),
        ]
        for check in checks:
            try:
                missing += check()
            except NotAllowedError as error:
                self.log.warning("%s", error)
            except BotoCoreError as error:
                away.append(f"connection {self.aws_conn_id!r}: AWS does not answer: {error}")
        if missing or away:
            text = "The run has not begun. " + "; ".join([*missing, *away])
            raise AirflowFailException(text) if missing else AirflowException(text)
        self.log.info("Database, queries, bucket and role are in order")
