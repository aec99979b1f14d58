"""
### Batch recommendations

Recommendations for many users or items at once, or segments of users, as `batch` in `include/pipeline.yaml` says. Each
job writes its input from the product database to S3, asks the version that is live in the solution's campaign (the
newest one, where it has no campaign), counts the answers, and puts them in the place of a table's rows if the file
names one. Readers of that table see the old rows until they see all the new ones.

With a `monthly_budget_usd` in the file, nothing is trained or asked that would go over it before a person has approved.
A job with a recipe of its own trains a solution for it first; no campaign is needed, or paid for. The waits on Amazon
Personalize are deferred and hold no worker. A job that fails does not stop the others.
Runs work one after the other; a dry run waits for none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, Asset, BaseOperator, TaskGroup, TriggerRule, XComArg, task

from airflow_personalize.operators.batch_inference_job import PersonalizeCreateBatchInferenceJobOperator
from airflow_personalize.operators.batch_segment_job import PersonalizeCreateBatchSegmentJobOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from airflow_personalize.transfers.personalize_batch_output_to_sql import PersonalizeBatchOutputToSqlOperator
from airflow_personalize.transfers.sql_to_personalize_batch_input import SqlToPersonalizeBatchInputOperator
from encore import forms, notifications, pools
from encore.builders.budget import ask_over_budget
from encore.config import DatasetGroup, include_folder, load_pipeline
from encore.config.batch import Batch, BatchJob
from encore.config.models import RECIPE_ARN
from encore.config.recipes import BATCH_COLUMNS, BATCH_MOST_LINES
from encore.operators.batch_dry_run import PersonalizeBatchDryRunOperator
from encore.operators.budget import PersonalizeBatchBudgetOperator
from encore.operators.record_batch import PersonalizeRecordBatchOperator
from encore.operators.select_batch_version import PersonalizeSelectBatchVersionOperator
from encore.operators.wait_for_turn import RUNS_AT_A_TIME, PersonalizeWaitForTurnOperator
from encore.retention import tags
from encore.runs.failure_reasons import keep_reason
from encore.timetable import NextTickTimetable


def build(group: DatasetGroup, batch: Batch) -> DAG:
    """The DAG of one dataset group's batch jobs."""
    form = forms.batch(group)
    with DAG(
        dag_id=group.dag_id("batch_recommendations"),
        description=f"Batch jobs of {group.name}: {', '.join(job.name for job in batch.jobs)}",
        doc_md=__doc__,
        schedule=NextTickTimetable(batch.schedule, timezone="UTC") if batch.schedule else None,
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=RUNS_AT_A_TIME,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "aws_conn_id": group.aws_conn_id,
            "deferrable": True,
            "on_failure_callback": keep_reason,
        },
        template_searchpath=[str(include_folder())],
        **notifications.callbacks(group),
        tags=["personalize", "batch", group.name],
    ) as dag:
        tasks = {job.name: run_job(group, job) for job in batch.jobs}
        train = dag.param("train") if "train" in form else False
        check_budget(group, tasks, train)
        dry_run = PersonalizeBatchDryRunOperator(
            task_id="dry_run",
            group=group.model_dump(mode="json", by_alias=True),
            queries={job.name: group.batch_query(job) for job in batch.jobs},
            batches=dag.param("batches"),
            train=train,
        )
        turn = PersonalizeWaitForTurnOperator(task_id="wait_for_turn", unless=dag.param("dry_run"))
        (
            turn
            >> select_jobs(tasks, dry_run)
            >> [dry_run, *(task_ for job in tasks.values() for task_ in job.first)]
        )
        forms.give(dag, form)
    return dag


@dataclass(frozen=True)
class JobTasks:
    """The tasks of one job: those that it begins with, `training` only if it trains, and those that are paid for."""

    begin: list[BaseOperator]
    training: list[BaseOperator]
    input: BaseOperator
    paid: list[BaseOperator]

    @property
    def first(self) -> list[BaseOperator]:
        return [*self.begin, *self.training]


def select_jobs(tasks: dict[str, JobTasks], dry_run: BaseOperator) -> XComArg:
    """Leads to the first tasks of the chosen jobs, or to the dry run alone."""

    @task.branch(task_id="select_jobs", task_display_name="select jobs")
    def select(params: Any = None) -> list[str]:
        if params["dry_run"]:
            return [dry_run.task_id]
        selected = [tasks[name] for name in params["batches"]]
        train = params.get("train")
        return [task_.task_id for job in selected for task_ in (job.first if train else job.begin)]

    return select()


def check_budget(group: DatasetGroup, tasks: dict[str, JobTasks], train: Any) -> None:
    """Nothing is trained or asked before the inputs are counted and the month's budget has room, if the file has one.

    An input that fails keeps its own job from running, and no other.
    """
    budget = ask_over_budget(
        group,
        PersonalizeBatchBudgetOperator,
        "a run of batch jobs",
        lines={name: job.input.output["lines"] for name, job in tasks.items()},
        train=train,
        trigger_rule=TriggerRule.ALL_DONE,
    )
    if budget:
        for job in tasks.values():
            budget >> job.paid


def run_job(group: DatasetGroup, job: BatchJob) -> JobTasks:
    """Input, job and answers of one job, and before them the training, where it has a recipe of its own."""
    recipe = str(group.recipe_of(job))
    with TaskGroup(f"batch_{job.name}", tooltip=f"{job.kind} of {job.solution_name} ({recipe})"):
        version = PersonalizeSelectBatchVersionOperator(
            task_id="version",
            dataset_group_name=group.name,
            solution_name=job.solution_name,
            campaign_name=group.solution(job.solution).campaign_name if job.solution else None,
            filter_name=job.filter,
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
            multiple_outputs=True,
        )
        training = train_solution(group, job, version) if job.recipe else []
        batch_input = SqlToPersonalizeBatchInputOperator(
            task_id="input",
            sql=group.batch_query(job),
            columns=BATCH_COLUMNS[recipe],
            most_lines=BATCH_MOST_LINES.get(recipe),
            bucket=group.bucket,
            folder=f"{group.prefix}/{job.folder}",
            conn_id=group.product_db,
            multiple_outputs=True,
        )
        done = create_job(group, job, version.output, batch_input.output)
        done >> [
            load_answers(group, job, recipe, batch_input.output),
            record_cost(group, job, version.output, batch_input.output),
        ]
    return JobTasks([version, batch_input], training[:1], batch_input, [*training[1:], done])


def train_solution(group: DatasetGroup, job: BatchJob, version: BaseOperator) -> list[BaseOperator]:
    """The solution of a job with a recipe of its own, trained before `version`; returns the first task and the last."""
    dataset_group = PersonalizeCreateDatasetGroupOperator(
        task_id="dataset_group", dataset_group_name=group.name, domain=group.domain
    )
    solution = PersonalizeCreateSolutionOperator(
        task_id="solution",
        solution_name=job.solution_name,
        dataset_group_arn=dataset_group.output,
        recipe_arn=RECIPE_ARN.format(job.recipe),
        create_kwargs={"tags": tags(group.name)},
    )
    train = PersonalizeCreateSolutionVersionOperator(
        task_id="train", solution_arn=solution.output, pool=pools.TRAININGS
    )
    train >> version
    return [dataset_group, train]


def create_job(
    group: DatasetGroup, job: BatchJob, version: XComArg, batch_input: XComArg
) -> PersonalizeCreateBatchInferenceJobOperator | PersonalizeCreateBatchSegmentJobOperator:
    """The batch job at the service."""
    segments = job.kind == "segments"
    operator = (
        PersonalizeCreateBatchSegmentJobOperator if segments else PersonalizeCreateBatchInferenceJobOperator
    )
    return operator(
        task_id="job",
        solution_version_arn=version["solution_version_arn"],
        filter_arn=version["filter_arn"] if job.filter else None,
        input_location=batch_input["input"],
        output_location=batch_input["output"],
        role_arn=group.role,
        num_results=job.num_results,
        create_kwargs={"tags": tags(group.name)},
        pool=pools.BATCH_SEGMENTS if segments else pools.BATCH_INFERENCE,
    )


def record_cost(group: DatasetGroup, job: BatchJob, version: XComArg, batch_input: XComArg) -> BaseOperator:
    """What the job has cost, for the month's cost and its budget."""
    return PersonalizeRecordBatchOperator(
        task_id="cost",
        group=group.model_dump(mode="json", by_alias=True),
        job=job.name,
        lines=batch_input["lines"],
        solution_version_arn=version["solution_version_arn"],
    )


def load_answers(group: DatasetGroup, job: BatchJob, recipe: str, batch_input: XComArg) -> BaseOperator:
    """The answers, counted and put into the job's table."""
    return PersonalizeBatchOutputToSqlOperator(
        task_id="answers",
        output_location=batch_input["output"],
        lines=batch_input["lines"],
        kind=job.kind,
        columns=BATCH_COLUMNS[recipe],
        table=job.table,
        error_limit=job.error_limit,
        conn_id=group.product_db,
        outlets=[Asset(name=f"{group.name}_batch_{job.name}", uri=group.batch_uri(job))],
    )


for dataset_group in load_pipeline().dataset_groups:
    if dataset_group.batch:
        build(dataset_group, dataset_group.batch)
