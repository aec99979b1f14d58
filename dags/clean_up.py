"""
### Clean up

Removes what `retention` in `include/pipeline.yaml` says: files of exports that later ones replaced, old rejected rows
and snapshots, input and output of batch jobs, schemas that no dataset uses. Campaigns and solutions that the file no
longer names go only when that is asked for, and only if Encore has made them (their tags tell). What is live is never
removed. While a retraining or a batch job of the group runs, or another clean-up, it waits: what they have made and not
yet used would look unused. A dry run waits for nothing.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG

from encore import forms, notifications
from encore.config import DatasetGroup, load_pipeline
from encore.operators.cleanup import PersonalizeCleanUpOperator
from encore.operators.wait_for_turn import RUNS_AT_A_TIME, PersonalizeWaitForTurnOperator
from encore.runs.failure_reasons import keep_reason
from encore.timetable import NextTickTimetable


def build(group: DatasetGroup) -> DAG:
    """The clean-up DAG of one dataset group."""
    with DAG(
        dag_id=group.dag_id("clean_up"),
        description=f"Remove what {group.name} no longer needs",
        doc_md=__doc__,
        schedule=NextTickTimetable("0 12 * * 0", timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=RUNS_AT_A_TIME,
        default_args={
            "retries": 1,
            "retry_delay": timedelta(minutes=5),
            "on_failure_callback": keep_reason,
        },
        **notifications.callbacks(group),
        tags=["personalize", "clean-up", group.name],
    ) as dag:
        turn = PersonalizeWaitForTurnOperator(task_id="wait_for_turn", unless=dag.param("dry_run"))
        turn >> PersonalizeCleanUpOperator(
            task_id="clean_up",
            group=group.model_dump(mode="json", by_alias=True),
            preview=dag.param("dry_run"),
            remove_unlisted=dag.param("remove_unlisted"),
            not_beside=[group.dag_id("retrain_recommenders")]
            + ([group.dag_id("batch_recommendations")] if group.batch else []),
            deferrable=True,
            aws_conn_id=group.aws_conn_id,
        )
        forms.give(dag, forms.clean_up(group))
    return dag


for dataset_group in load_pipeline().dataset_groups:
    build(dataset_group)
