"""The task with a dataset's own checks, before its rows are exported; none where the file has no checks."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator, XComArg

from encore.config import DatasetGroup, DatasetType
from encore.operators.sql_checks import PersonalizeSqlChecksOperator


def check_tables(
    group: DatasetGroup, kind: DatasetType, task_id: str, partitions: XComArg | None = None
) -> list[BaseOperator]:
    """The checks of what is about to be exported: these partitions, or the whole table."""
    checks = group.datasets[kind].checks
    if not checks:
        return []
    arguments: dict[str, Any] = {"partitions": partitions} if partitions is not None else {}
    return [
        PersonalizeSqlChecksOperator(task_id=task_id, checks=checks, conn_id=group.product_db, **arguments)
    ]
