"""
### Retrain recommenders

Every run: looks for the product database, the queries' columns, the bucket and the role, waits until no earlier run
works (one that only waits for an answer does not), and exports users and items whole, and those days of interactions
that `export_interactions` has not written (on a first run all of them, from the first interaction in the table on).
Takes a snapshot of the interactions, checks whether that is what the data usually is, imports all three, trains each
solution of `include/pipeline.yaml`, and compares its metrics with those of the version now live and of the popular
items. With a `comparison` in the file both versions answer for the same users, and are judged by days that were held
back from the import. What is good enough goes live; what is not is held, or waits for an answer under *Required
Actions*, as the file says. A campaign that does not answer well after its move gets the earlier version back. What came
of it is recorded and drawn.

Each wait on Amazon Personalize is deferred and holds no worker. A solution that fails does not stop the others. A task
that is tried again goes on with the job that an earlier try has started.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.sdk import DAG, BaseOperator, XComArg
from airflow.utils.types import DagRunType

from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from encore import forms, notifications
from encore.builders.comparison import hold_back
from encore.builders.datasets import (
    DatasetTasks,
    check_budget,
    check_data,
    create_filters,
    import_dataset,
    prepare_dataset,
)
from encore.builders.events import keep_events
from encore.builders.recommenders import RecommenderTasks, keep_recommenders
from encore.builders.solutions import SolutionTasks, retrain_solutions
from encore.config import DatasetGroup, DatasetType, include_folder, load_pipeline
from encore.operators.dry_run import PersonalizeDryRunOperator
from encore.operators.notify import PersonalizeNotifyOperator
from encore.operators.preflight import PersonalizePreflightOperator
from encore.operators.record_run import PersonalizeRecordRunOperator
from encore.operators.validate_parameters import PersonalizeValidateParametersOperator
from encore.operators.wait_for_turn import RUNS_AT_A_TIME, PersonalizeWaitForTurnOperator
from encore.runs.failure_reasons import keep_reason
from encore.timetable import NextTickTimetable

DRY_RUN = "dry_run"
RUN_TYPES: Any = [DagRunType.SCHEDULED, DagRunType.MANUAL, DagRunType.ASSET_TRIGGERED]  # no backfill


def build(group: DatasetGroup) -> DAG:
    """The retraining DAG of one dataset group."""
    with DAG(
        dag_id=group.dag_id("retrain_recommenders"),
        description=f"Retraining of {group.name}: import, train, measure, promote",
        doc_md=__doc__,
        schedule=NextTickTimetable(group.schedule, timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=RUNS_AT_A_TIME,
        allowed_run_types=RUN_TYPES,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "aws_conn_id": group.aws_conn_id,
            "bucket": group.bucket,
            "prefix": group.prefix,
            "deferrable": True,
            "on_failure_callback": keep_reason,
        },
        template_searchpath=[str(include_folder())],
        deadline=notifications.deadline(group),
        tags=["personalize", "retrain", group.name],
    ) as dag:
        plan = validate_parameters(group)
        dataset_group = PersonalizeCreateDatasetGroupOperator(
            task_id="dataset_group", dataset_group_name=group.name, domain=group.domain
        )
        turn = PersonalizeWaitForTurnOperator(task_id="wait_for_turn")
        plan >> check_surroundings(group) >> turn >> dataset_group
        datasets = {kind: prepare_dataset(group, kind, dataset_group, turn, plan) for kind in group.datasets}
        data_gate = check_data(group, datasets, plan)
        imports = {kind: import_dataset(group, kind, datasets[kind], plan) for kind in datasets}
        held_back = hold_back(group, dataset_group, datasets, plan)
        check_budget(group, data_gate, plan) >> list(imports.values())
        solution = None
        if group.solutions:
            solution = retrain_solutions(group, dataset_group, datasets, data_gate, plan, held_back)
            list(imports.values()) >> solution.create
        created = [tasks.create for tasks in datasets.values()]
        keep_events(group, dataset_group, created, data_gate, imports["interactions"])
        create_filters(group, dataset_group, list(imports.values()))
        recommenders = keep_recommenders(group, dataset_group, list(imports.values()))
        report_run(group, plan, data_gate, datasets, imports, solution, recommenders)
        forms.give(dag, forms.retraining(group))
    return dag


def validate_parameters(group: DatasetGroup) -> XComArg:
    """Check the form; a dry run leads to its preview and to nothing else. Returns the run's plan."""
    settings = group.model_dump(mode="json", by_alias=True)
    plan = PersonalizeValidateParametersOperator(
        task_id="validate_parameters",
        group=settings,
        dry_run_task_id=DRY_RUN,
        multiple_outputs=True,
        retries=0,
    ).output
    PersonalizeDryRunOperator(task_id=DRY_RUN, group=settings, plan=plan)
    return plan


def check_surroundings(group: DatasetGroup) -> BaseOperator:
    """What the run needs outside of Airflow: named before anything is done, where it is missing."""
    return PersonalizePreflightOperator(
        task_id="preflight",
        group=group.model_dump(mode="json", by_alias=True),
        queries={kind: dataset.sql for kind, dataset in group.datasets.items()},
    )


def report_run(
    group: DatasetGroup,
    plan: XComArg,
    data_gate: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    imports: dict[DatasetType, BaseOperator],
    solution: SolutionTasks | None,
    recommenders: list[RecommenderTasks],
) -> None:
    """What came of the run is recorded and notified, however it went."""
    settings = group.model_dump(mode="json", by_alias=True)
    decisions = solution.gate.output["decision"] if solution else []
    imported: dict[str, Any] = {kind: tasks.output for kind, tasks in imports.items()}
    exported: dict[str, Any] = {kind: tasks.export.output for kind, tasks in datasets.items() if tasks.export}
    record = PersonalizeRecordRunOperator(
        task_id="record",
        group=settings,
        plan=plan,
        data_gate=data_gate.output,
        versions=solution.train.output if solution else [],
        decisions=decisions,
        answers=solution.approve.output if solution else [],
        checks=solution.verify.output if solution else [],
        rollbacks=solution.verify.output["rolled_back"] if solution else [],
        recommenders={tasks.name: tasks.result() for tasks in recommenders},
        imports=imported,
        exports=exported,
        history=next(tasks.history.output for tasks in datasets.values() if tasks.history),
    ).as_teardown()
    notify = PersonalizeNotifyOperator(
        task_id="notify", group=settings, plan=plan, recorded=record.output, decisions=decisions
    ).as_teardown()
    ends = [solution.held, solution.verify] if solution else list(imports.values())
    [*ends, *(tasks.tasks[-1] for tasks in recommenders)] >> record >> notify


for dataset_group_settings in load_pipeline().dataset_groups:
    build(dataset_group_settings)
