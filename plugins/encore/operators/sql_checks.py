"""The pipeline file's own checks of the product database, made before its rows are exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.providers.common.sql.operators.sql import (
    BaseSQLOperator,
    SQLColumnCheckOperator,
    SQLTableCheckOperator,
)
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.dialects import dialect_of
from airflow_personalize.export.read.sessions import in_utc
from airflow_personalize.export.read.sql import condition
from airflow_personalize.transfers.partition_template import PartitionMarkers

if TYPE_CHECKING:
    from airflow.sdk import Context

Check = Mapping[str, Any]


class _InUtc(BaseSQLOperator):
    """Asks in a session whose time zone is UTC, as exports do."""

    @cached_property
    def _hook(self) -> DbApiHook:
        hook = self.get_hook(str(self.conn_id), self.hook_params)
        if not isinstance(hook, DbApiHook):
            raise AirflowFailException(
                f"connection {self.conn_id!r} is no SQL database: checks can't be made"
            )
        connect = hook.get_conn

        def connect_in_utc() -> Any:
            connection = connect()
            in_utc(connection)
            connection.commit()
            return connection

        hook.get_conn = connect_in_utc  # type: ignore[method-assign]  # this hook's alone
        return hook


class _TableCheck(_InUtc, SQLTableCheckOperator):
    pass


class _ColumnCheck(_InUtc, SQLColumnCheckOperator):
    pass


class PersonalizeSqlChecksOperator(PartitionMarkers):
    """
    Make all checks, for each partition that is about to be exported, and stop if one fails that is to stop.

    :param checks: `TableCheck` and `ColumnCheck` of the pipeline file, as JSON (templated)
    :param partitions: what will be exported: partitions, or lists of them; None: whole tables (templated)
    :param conn_id: the product database
    :return: each check with its table, partition and result
    """

    template_fields: Sequence[str] = ("checks", "partitions", "conn_id")
    template_fields_renderers = {"checks": "json", "partitions": "json"}  # noqa: RUF012
    ui_color = "#e6f4ea"

    def __init__(
        self,
        *,
        checks: Sequence[Check],
        partitions: Sequence[Any] | None = None,
        conn_id: str = "product_db",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.checks, self.partitions, self.conn_id = checks, partitions, conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        results = [
            self._result(context, check, partition)
            for partition in self._partitions()
            for check in self.checks
        ]
        failed = [result for result in results if not result["passed"]]
        for result in failed:
            self.log.warning("%s", result["text"])
        if stopping := [result["text"] for result in failed if result["severity"] == "stop"]:
            raise AirflowFailException(
                f"{'; '.join(stopping)}. The export has not begun, so what was exported before stays. Mend the data, "
                "or set the check's severity to warn in the pipeline file."
            )
        self.log.info("%d of %d checks passed", len(results) - len(failed), len(results))
        return results

    def _partitions(self) -> list[Partition | None]:
        if self.partitions is None:
            return [None]
        lists = [entry if isinstance(entry, list | tuple) else [entry] for entry in self.partitions]
        return [Partition.from_dict(partition) for part in lists for partition in part]

    def _result(self, context: Context, check: Check, partition: Partition | None) -> dict[str, Any]:
        where = f", partition {partition.key}" if partition else ""
        subject = f"check {check['name']!r} of table {check['table']}{where}"
        passed, value = self._made(context, check, partition, subject)
        actual = "the table has no row" if value is None else f"it is {value}"
        expected = check.get("statement") or (
            f"{check['test']} of column {check['column']} must be "
            + " and ".join(f"{name} {limit:.15g}" for name, limit in check["limits"].items())
        )
        text = f"{subject} failed: {expected}, and {actual}"
        return {
            "check": check["name"],
            "table": check["table"],
            "partition": partition.key if partition else None,
            "severity": check["severity"],
            "passed": passed,
            "value": None if value is None else str(value),
            "text": f"{subject} passed" if passed else text,
        }

    def _made(
        self, context: Context, check: Check, partition: Partition | None, subject: str
    ) -> tuple[bool, Any]:
        """Whether the check passed, and the value that the database gave."""
        operator = self._operator(check, partition)
        token = ExecutorSafeguard.tracker.set(operator)  # as the task runner does for a task's own operator
        try:
            with suppress(AirflowFailException, ValueError, TypeError):  # failed, or no value to judge by
                operator.execute(context)
        except Exception as error:
            raise AirflowException(
                f"{subject} could not be made in the database of connection {self.conn_id!r}: {error}"
            ) from None
        finally:
            ExecutorSafeguard.tracker.reset(token)
        if isinstance(operator, _TableCheck):
            outcome = operator.checks[check["name"]]
            value = {"1": True, "0": False}.get(outcome["result"])
        else:
            outcome = operator.column_mapping[check["column"]][check["test"]]
            value = outcome["result"]
        return bool(outcome.get("success")), value

    def _operator(self, check: Check, partition: Partition | None) -> _TableCheck | _ColumnCheck:
        def written(text: str) -> str:
            return condition(text, partition.parameters if partition else {}, self._dialect)

        shared: dict[str, Any] = {
            "task_id": check["name"],
            "table": check["table"],
            "conn_id": self.conn_id,
            "partition_clause": written(check["where"]) if check["where"] else None,
            "retry_on_failure": False,
        }
        if "statement" in check:
            statement = {"check_statement": written(check["statement"])}
            return _TableCheck(checks={check["name"]: statement}, **shared)
        limits = {check["test"]: dict(check["limits"])}
        return _ColumnCheck(
            column_mapping={check["column"]: limits}, accept_none=check["test"] == "null_check", **shared
        )

    @cached_property
    def _dialect(self) -> str | None:
        from airflow.sdk import BaseHook

        return dialect_of(BaseHook.get_connection(self.conn_id).conn_type)
