"""
### Export interactions

Every day, writes the interactions of the day before to a partition of their own in S3, as checked CSV files that
Amazon Personalize can import: `settle_minutes` after midnight, UTC, and the `reexport_days` days before it once more,
since rows can be committed late. The query is `include/sql/interactions.sql`, the checks follow
`include/schemas/interactions.json`, and what happens to rows that do not fit is said in `include/pipeline.yaml`.

A day can be exported again at any time: its partition is replaced as a whole, once all of it is written.
Trigger with two dates to export a range in one run, or create a backfill to have a run for each day.

Checks of the product database's tables are made before, where the pipeline file has some; one that fails stops the
run. Where the pipeline file says `splits: 4`, four tasks share each day: `plan` cuts it, in time or by the key that
`bounds_sql` asks for, the mapped exports write a slice each, and `commit` makes them the partition, all or none.
"""

from __future__ import annotations

from datetime import date, timedelta

import pendulum
from airflow.sdk import DAG, BaseOperator, XComArg
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.timetables.interval import CronDataIntervalTimetable

from airflow_personalize.transfers.personalize_dataset_shards import (
    PersonalizeDatasetCommitOperator,
    PersonalizeDatasetPlanOperator,
)
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore import forms, notifications
from encore.builders.checks import check_tables
from encore.builders.exports import exported, query, target
from encore.config import DatasetGroup, DatasetType, include_folder, load_pipeline
from encore.operators.select_days import PersonalizeSelectDaysOperator
from encore.runs.failure_reasons import keep_reason

KIND: DatasetType = "interactions"
DAYS = "{{ task.partitions[0]['key'] }} to {{ task.partitions[-1]['key'] }}"
SLICE = "{{ task.partitions[0]['key'] }}, slice {{ task.partitions[0]['shard'] + 1 }}"


def _midnight(day: date) -> pendulum.DateTime:
    return pendulum.datetime(day.year, day.month, day.day, tz="UTC")


def build(group: DatasetGroup) -> DAG:
    """The export DAG of one dataset group."""
    interactions = group.datasets[KIND]
    with DAG(
        dag_id=group.dag_id("export_interactions"),
        description=f"Interactions of {group.name}: product database to S3, one partition a day",
        doc_md=__doc__,
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
        start_date=_midnight(group.history_start or date(2020, 1, 1)),
        catchup=group.history_start is not None,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "on_failure_callback": keep_reason,
        },
        max_active_runs=4,
        template_searchpath=[str(include_folder())],
        **notifications.callbacks(group),
        tags=["personalize", "export", group.name],
    ) as dag:
        days = PersonalizeSelectDaysOperator(
            task_id="select_days",
            settle_minutes=interactions.settle_minutes,
            reexport_days=interactions.reexport_days,
            in_lists=interactions.splits == 1,
        ).output
        export = export_days(group, days) if interactions.splits == 1 else export_slices(group, days)
        for checks in check_tables(group, KIND, "check_tables", days):
            checks >> export
        forms.give(dag, forms.export())
    return dag


def export_days(group: DatasetGroup, days: XComArg) -> MappedOperator:
    """One task for some days."""
    return SqlToPersonalizeDatasetOperator.partial(
        task_id="export",
        map_index_template=DAYS,
        outlets=[exported(group, KIND)],
        **target(group, KIND),
        **query(group, KIND),
    ).expand(partitions=days)


def export_slices(group: DatasetGroup, days: XComArg) -> BaseOperator:
    """Several tasks for each day, and one that makes their slices its partition; returns the first one."""
    settings = group.datasets[KIND]
    plan = PersonalizeDatasetPlanOperator(
        task_id="plan",
        dataset=KIND,
        partitions=days,
        shards=settings.splits,
        bounds_sql=settings.bounds_sql,
        conn_id=group.product_db,
    )
    export = SqlToPersonalizeDatasetOperator.partial(
        task_id="export", map_index_template=SLICE, **target(group, KIND), **query(group, KIND)
    ).expand(partitions=plan.output)
    PersonalizeDatasetCommitOperator(
        task_id="commit", shards=export.output, outlets=[exported(group, KIND)], **target(group, KIND)
    )
    return plan


for dataset_group in load_pipeline().dataset_groups:
    build(dataset_group)
