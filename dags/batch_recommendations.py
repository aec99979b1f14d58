"""
### Batch recommendations

Recommendations for many users or items at once, or segments of users, as `batch` in `include/pipeline.yaml` says. Each
job writes its input from the product database to S3, asks the version that is live in the solution's campaign (the
newest one, where it has no campaign), counts the answers, and puts them in the place of a table's rows if the file
names one. Readers of that table see the old rows until they see all the new ones.

A job with a recipe of its own trains a solution for it first; no campaign is needed, or paid for. The waits on Amazon
Personalize are deferred and hold no worker. A job that fails does not stop the others.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Asset, TaskGroup, TriggerRule, task
from airflow.timetables.trigger import CronTriggerTimetable

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.operators.batch_segment_job import PersonalizeCreateBatchSegmentJobOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
)
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from airflow_personalize.transfers.personalize_batch_output_to_sql import PersonalizeBatchOutputToSqlOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator
from encore import forms, pools
from encore.config import INCLUDE, DatasetGroup, load_pipeline
from encore.config.batch import Batch, BatchJob
from encore.config.models import RECIPE_ARN
from encore.config.recipes import BATCH_COLUMNS, BATCH_MOST_LINES
from encore.operators.batch_dry_run import PersonalizeBatchDryRunOperator
from encore.operators.select_batch_version import PersonalizeSelectBatchVersionOperator
from encore.retention import tags


def _prefix(job: BatchJob) -> str:
    """Where the ids of a job's tasks begin."""
    return f"batch_{job.name}"


def _from(job: BatchJob, step: str, part: str) -> str:
    """A part of what another task of the same job has returned."""
    return f"{{{{ ti.xcom_pull(task_ids='{_prefix(job)}.{step}')['{part}'] }}}}"


def _train(group: DatasetGroup, job: BatchJob) -> PersonalizeCreateSolutionVersionOperator:
    """The training of a job with a recipe of its own."""
    waiting = {"aws_conn_id": group.aws_conn_id, "deferrable": True}
    made = PersonalizeCreateDatasetGroupOperator(
        task_id="dataset_group", dataset_group_name=group.name, **waiting
    )
    solution = PersonalizeCreateSolutionOperator(
        task_id="solution",
        solution_name=job.solution_name,
        dataset_group_arn=made.output,
        recipe_arn=RECIPE_ARN.format(job.recipe),
        create_kwargs={"tags": tags(group.name)},
        **waiting,
    )
    return PersonalizeCreateSolutionVersionOperator(
        task_id="train", solution_arn=solution.output, pool=pools.TRAININGS, **waiting
    )


def _ask(group: DatasetGroup, job: BatchJob) -> list[str]:
    """The tasks of one job; returns the ids of those that begin it."""
    aws = {"aws_conn_id": group.aws_conn_id}
    recipe = str(group.recipe_of(job))
    columns = BATCH_COLUMNS[recipe]
    with TaskGroup(_prefix(job), tooltip=f"{job.kind} of {job.solution_name} ({recipe})"):
        version = PersonalizeSelectBatchVersionOperator(
            task_id="version",
            dataset_group_name=group.name,
            solution_name=job.solution_name,
            campaign_name=group.solution(job.solution).campaign_name if job.solution else None,
            filter_name=job.filter,
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
            **aws,
        )
        if job.recipe:
            _train(group, job) >> version
        asked = SqlToPersonalizeBatchInputOperator(
            task_id="input",
            sql=group.batch_query(job),
            columns=columns,
            most_lines=BATCH_MOST_LINES.get(recipe),
            bucket=group.bucket,
            folder=f"{group.prefix}/{job.folder}",
            conn_id=group.product_db,
            **aws,
        )
        segments = job.kind == "segments"
        operator = (
            PersonalizeCreateBatchSegmentJobOperator
            if segments
            else PersonalizeCreateBatchInferenceJobOperator
        )
        answered = operator(
            task_id="job",
            solution_version_arn=_from(job, "version", "solution_version_arn"),
            filter_arn=_from(job, "version", "filter_arn") if job.filter else None,
            input_location=_from(job, "input", "input"),
            output_location=_from(job, "input", "output"),
            role_arn=group.role,
            num_results=job.num_results,
            create_kwargs={"tags": tags(group.name)},
            pool=pools.BATCH_SEGMENTS if segments else pools.BATCH_INFERENCE,
            deferrable=True,
            **aws,
        )
        told = PersonalizeBatchOutputToSqlOperator(
            task_id="answers",
            output_location=_from(job, "input", "output"),
            lines=_from(job, "input", "lines"),
            kind=job.kind,
            columns=columns,
            table=job.table,
            error_limit=job.error_limit,
            conn_id=group.product_db,
            outlets=[Asset(name=f"{group.name}_batch_{job.name}", uri=group.batch_uri(job))],
            **aws,
        )
        [version, asked] >> answered >> told
    begin = ["version", "input", *(["dataset_group"] if job.recipe else [])]
    return [f"{_prefix(job)}.{step}" for step in begin]


def build(group: DatasetGroup, batch: Batch) -> DAG:
    """The DAG of one dataset group's batch jobs."""
    with DAG(
        dag_id=group.dag_id("batch_recommendations"),
        description=f"Batch jobs of {group.name}: {', '.join(job.name for job in batch.jobs)}",
        doc_md=__doc__,
        schedule=CronTriggerTimetable(batch.schedule, timezone="UTC") if batch.schedule else None,
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        template_searchpath=[str(INCLUDE)],
        params=forms.batch(group),
        tags=["personalize", "batch", group.name],
    ) as dag:
        begins = {job.name: _ask(group, job) for job in batch.jobs}

        @task.branch(task_id="read_form", task_display_name="read form")
        def read_form(params=None):
            """The first tasks of the chosen jobs; a dry run leads to nothing but a look."""
            if params["dry_run"]:
                return ["dry_run"]
            chosen = [each for name in params["batches"] for each in begins[name]]
            return [each for each in chosen if params.get("train") or not each.endswith(".dataset_group")]

        look = PersonalizeBatchDryRunOperator(
            task_id="dry_run",
            group=group.model_dump(mode="json", by_alias=True),
            queries={job.name: group.batch_query(job) for job in batch.jobs},
            aws_conn_id=group.aws_conn_id,
        )
        followed = [dag.get_task(each) for several in begins.values() for each in several]
        read_form() >> [look, *followed]
    return dag


for dataset_group in load_pipeline().dataset_groups:
    if dataset_group.batch:
        globals()[dataset_group.dag_id("batch_recommendations")] = build(dataset_group, dataset_group.batch)
