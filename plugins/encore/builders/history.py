"""The tasks that export those days of interactions which no export has written, before a retraining imports."""

from __future__ import annotations

from airflow.sdk import BaseOperator, XComArg
from airflow.sdk.definitions.mappedoperator import MappedOperator

from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore.builders.checks import check_tables
from encore.builders.exports import exported, query, target
from encore.config import DatasetGroup
from encore.operators.select_history import PersonalizeSelectHistoryOperator


def select_history(group: DatasetGroup, plan: XComArg) -> BaseOperator:
    """The days of interactions that no export has written."""
    settings = group.datasets["interactions"]
    return PersonalizeSelectHistoryOperator(
        task_id="select_history",
        dataset="interactions",
        history=plan["history"],
        sql=settings.sql,
        bounds_sql=settings.bounds_sql,
        conn_id=group.product_db,
        as_of=plan["as_of"],
        begin=group.history_start,
        keep_days=group.retention.partitions,
    )


def export_history(group: DatasetGroup, history: BaseOperator) -> MappedOperator:
    """Their export, up to a month in each mapped task; skipped where there are none, as mostly."""
    export = SqlToPersonalizeDatasetOperator.partial(
        task_id="export_history",
        map_index_template="{{ task.partitions[0]['key'] }} to {{ task.partitions[-1]['key'] }}",
        outlets=[exported(group, "interactions")],
        **target(group, "interactions"),
        **query(group, "interactions"),
    ).expand(partitions=history.output)
    for checks in check_tables(group, "interactions", "check_interactions", history.output):
        checks >> export
    return export
