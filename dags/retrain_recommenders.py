"""
### Retrain recommenders

Every run: exports users and items whole, takes a snapshot of the interactions that `export_interactions` has
written, checks whether that is what the data usually is, imports all three, trains each solution of
`include/pipeline.yaml`, and compares its metrics with those of the version now live and of the popular items. What is
good enough goes live; what is not is held, or waits for an answer under *Required Actions*, as the file says. A
campaign that does not answer well after its move gets the earlier version back. What came of it is recorded and drawn.

Each wait on Amazon Personalize is deferred and holds no worker. A solution that fails does not stop the others. A task
that is tried again goes on with the job that an earlier try has started.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    BaseOperator,
    TriggerRule,
    XComArg,
    task,
    task_group,
)
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.types import DagRunType

from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore import forms, notifications, pools
from encore.config import INCLUDE, DatasetGroup, DatasetType, load_pipeline
from encore.operators.approval import PersonalizeApprovalOperator
from encore.operators.data_gate import PersonalizeDataGateOperator
from encore.operators.dry_run import PersonalizeDryRunOperator
from encore.operators.gate import PersonalizeGateOperator
from encore.operators.hold import PersonalizeHoldOperator
from encore.operators.notify import PersonalizeNotifyOperator
from encore.operators.promotion import PersonalizePromoteOperator
from encore.operators.record_run import PersonalizeRecordRunOperator
from encore.operators.select_partitions import PersonalizeSelectPartitionsOperator
from encore.operators.validate_parameters import PersonalizeValidateParametersOperator
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from encore.retention import tags

DRY_RUN = "dry_run"


@dataclass(frozen=True)
class DatasetTasks:
    """The tasks of one dataset before its import; users and items are exported first."""

    create: BaseOperator
    snapshot: BaseOperator
    export: BaseOperator | None


@dataclass(frozen=True)
class SolutionTasks:
    """The tasks of one solution, mapped over the chosen ones."""

    create: BaseOperator
    train: BaseOperator
    gate: BaseOperator
    approve: BaseOperator
    held: BaseOperator
    verify: BaseOperator


def build(group: DatasetGroup) -> DAG:
    """The retraining DAG of one dataset group."""
    with DAG(
        dag_id=group.dag_id("retrain_recommenders"),
        description=f"Retraining of {group.name}: import, train, measure, promote",
        doc_md=__doc__,
        schedule=CronTriggerTimetable(group.schedule, timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        allowed_run_types=[DagRunType.SCHEDULED, DagRunType.MANUAL, DagRunType.ASSET_TRIGGERED],
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "aws_conn_id": group.aws_conn_id,
            "bucket": group.bucket,
            "prefix": group.prefix,
            "deferrable": True,
        },
        template_searchpath=[str(INCLUDE)],
        params=forms.retraining(group),
        deadline=notifications.deadline(group),
        tags=["personalize", "retrain", group.name],
    ) as dag:
        plan = validate_parameters(group)
        dataset_group = PersonalizeCreateDatasetGroupOperator(
            task_id="dataset_group", dataset_group_name=group.name
        )
        plan >> dataset_group
        datasets = {kind: prepare_dataset(group, kind, dataset_group, plan) for kind in group.datasets}
        data_gate = check_data(group, datasets, plan)
        imports = {kind: import_dataset(group, kind, datasets[kind], plan) for kind in datasets}
        solution = retrain_solutions(group, dataset_group, datasets, data_gate, plan)
        data_gate >> list(imports.values()) >> solution.create
        create_filters(group, dataset_group, list(imports.values()))
        report_run(group, plan, data_gate, datasets, imports, solution)
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


def prepare_dataset(
    group: DatasetGroup, kind: DatasetType, dataset_group: BaseOperator, plan: XComArg
) -> DatasetTasks:
    """Schema, dataset, and a snapshot of the newest data; users and items are exported for it."""
    settings = group.datasets[kind]
    asset = Asset(name=f"{group.name}_{kind}", uri=group.dataset_uri(kind))
    schema = PersonalizeCreateSchemaOperator(
        task_id=f"{kind}_schema", schema_name=f"{group.name}-{kind}", schema=settings.avro_schema
    )
    plan >> schema
    create = PersonalizeCreateDatasetOperator(
        task_id=f"{kind}_dataset",
        dataset_name=f"{group.name}-{kind}",
        dataset_type=kind.capitalize(),
        dataset_group_arn=dataset_group.output,
        schema_arn=schema.output,
    )
    partitions = select_partitions(create, plan) if kind == "interactions" else None
    snapshot = PersonalizeDatasetSnapshotOperator(
        task_id=f"snapshot_{kind}",
        dataset=kind,
        partitions=partitions,
        run_id="{{ run_id }}",
        on_duplicates=settings.on_duplicates,
        inlets=[asset],
        multiple_outputs=True,
    )
    if kind == "interactions":  # those are exported by a DAG of their own
        return DatasetTasks(create, snapshot, None)
    export = SqlToPersonalizeDatasetOperator(
        task_id=f"export_{kind}",
        dataset=kind,
        sql=settings.sql,
        schema=settings.avro_schema,
        contract=settings.contract,
        rejected_limit=settings.rejected_limit,
        row_id=settings.row_id,
        conn_id=group.product_db,
        outlets=[asset],
    )
    plan >> export >> snapshot
    return DatasetTasks(create, snapshot, export)


def select_partitions(dataset: BaseOperator, plan: XComArg) -> XComArg:
    """The days of interactions that the run imports."""
    return PersonalizeSelectPartitionsOperator(
        task_id="select_partitions",
        dataset_arn=dataset.output,
        import_mode=plan["import_mode"],
        as_of=plan["as_of"],
    ).output


def check_data(group: DatasetGroup, datasets: dict[DatasetType, DatasetTasks], plan: XComArg) -> BaseOperator:
    """The gate of the data: what is not what it usually is replaces nothing."""
    return PersonalizeDataGateOperator(
        task_id="data_gate",
        gate=group.data_gate.model_dump(),
        snapshots={kind: tasks.snapshot.output for kind, tasks in datasets.items()},
        exports={kind: tasks.export.output for kind, tasks in datasets.items() if tasks.export},
        import_mode=plan["import_mode"],
        on_failure=plan["data_gate"],
        inlets=[Asset(name=f"{group.name}_interactions", uri=group.dataset_uri("interactions"))],
        retries=0,
    )


def import_dataset(
    group: DatasetGroup, kind: DatasetType, tasks: DatasetTasks, plan: XComArg
) -> BaseOperator:
    """The import of a dataset's snapshot."""
    return PersonalizeCreateDatasetImportJobOperator(
        task_id=f"import_{kind}",
        dataset_arn=tasks.create.output,
        data_location=tasks.snapshot.output["location"],
        role_arn=group.role,
        import_mode=plan["import_mode"],
        pool=pools.IMPORTS,
    )


def retrain_solutions(
    group: DatasetGroup,
    dataset_group: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    data_gate: BaseOperator,
    plan: XComArg,
) -> SolutionTasks:
    """Train, judge, promote and check each chosen solution."""

    @task(task_display_name="select solutions")
    def select_solutions(names):
        return group.solution_arguments(names)

    @task_group(group_id="solution")
    def solution(
        name,
        recipe_arn,
        solution_config,
        event_type,
        perform_hpo,
        campaign_name,
        min_provisioned_tps,
        campaign_config,
        approval_hours,
    ):
        create = PersonalizeCreateSolutionOperator(
            task_id="create",
            map_index_template="{{ task.solution_name }}",
            solution_name=name,
            dataset_group_arn=dataset_group.output,
            recipe_arn=recipe_arn,
            solution_config=solution_config,
            event_type=event_type,
            perform_hpo=perform_hpo,
            create_kwargs={"tags": tags(group.name)},
        )
        train, gate = train_and_judge(group, create, campaign_name, data_gate, plan)
        approve = ask_for_approval(group, gate, approval_hours)
        held, campaign = hold_or_promote(
            group, train, gate, approve, campaign_name, min_provisioned_tps, campaign_config
        )
        verify = verify_campaign(group, campaign, datasets, gate)
        return SolutionTasks(create, train, gate, approve, held, verify)

    return solution.expand_kwargs(select_solutions(plan["solutions"]))


def train_and_judge(
    group: DatasetGroup, create: BaseOperator, campaign_name: XComArg, data_gate: BaseOperator, plan: XComArg
) -> tuple[BaseOperator, BaseOperator]:
    """A new version of a solution, and whether it goes live."""
    train = PersonalizeCreateSolutionVersionOperator(
        task_id="train",
        map_index_template="{{ task.solution_arn.split('/')[-1] }}",
        solution_arn=create.output,
        training_mode=plan["training_mode"],
        pool=pools.TRAININGS,
    )
    metrics = PersonalizeGetSolutionMetricsOperator(
        task_id="metrics",
        map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
        solution_version_arn=train.output,
    )
    gate = PersonalizeGateOperator(
        task_id="gate",
        map_index_template="{{ task.campaign_name }}",
        solution_version_arn=train.output,
        campaign_name=campaign_name,
        gates=group.gates(),
        data_gate=data_gate.output,
        policy=plan["promote"],
    )
    metrics >> gate
    return train, gate


def ask_for_approval(group: DatasetGroup, gate: BaseOperator, approval_hours: XComArg) -> BaseOperator:
    """The question to a person, where the gate wants one asked."""
    return PersonalizeApprovalOperator(
        task_id="approve",
        decision=gate.output["decision"],
        approval_hours=approval_hours,
        subject=f"{group.name}: shall {{{{ task.decision['new'] }}}} go live?",
        body="{{ task.decision['markdown'] }}",
        defaults="Reject",
        notifiers=notifications.channels_for(
            "asked",
            group.notify,
            f"{group.name}: a new version waits for an answer",
            "{{ task.decision['text'] }}",
        ),
    )


def hold_or_promote(
    group: DatasetGroup,
    train: BaseOperator,
    gate: BaseOperator,
    approve: BaseOperator,
    campaign_name: XComArg,
    min_provisioned_tps: XComArg,
    campaign_config: XComArg,
) -> tuple[BaseOperator, BaseOperator]:
    """The campaign serves the new version, or keeps what it serves: one of the two skips itself."""
    verdict = {"decision": gate.output["decision"], "answer": approve.output}
    held = PersonalizeHoldOperator(
        task_id="held",
        map_index_template="{{ task.campaign_name }}",
        campaign_name=campaign_name,
        trigger_rule=TriggerRule.NONE_FAILED,
        **verdict,
    )
    campaign = PersonalizePromoteOperator(
        task_id="campaign",
        map_index_template="{{ task.campaign_name }}",
        campaign_name=campaign_name,
        solution_version_arn=train.output,
        min_provisioned_tps=min_provisioned_tps,
        campaign_config=campaign_config,
        create_kwargs={"tags": tags(group.name)},
        trigger_rule=TriggerRule.NONE_FAILED,
        **verdict,
    )
    return held, campaign


def verify_campaign(
    group: DatasetGroup,
    campaign: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    gate: BaseOperator,
) -> BaseOperator:
    """The check of a campaign that has moved; it gets the earlier version back if it does not answer well."""
    items = datasets.get("items")
    return PersonalizeVerifyCampaignOperator(
        task_id="verify",
        map_index_template="{{ task.campaign_arn.split('/')[-1] }}",
        campaign_arn=campaign.output,
        sample_location=datasets["interactions"].snapshot.output["location"],
        items_location=items.snapshot.output["location"] if items else None,
        decision=gate.output["decision"],
        checks=group.checks(),
    )


def create_filters(group: DatasetGroup, dataset_group: BaseOperator, imports: list[BaseOperator]) -> None:
    """The filters of the group, which need its data."""
    for filter_ in group.filters:
        imports >> PersonalizeCreateFilterOperator(
            task_id=f"filter_{filter_.name}",
            filter_name=filter_.name,
            dataset_group_arn=dataset_group.output,
            filter_expression=filter_.expression,
        )


def report_run(
    group: DatasetGroup,
    plan: XComArg,
    data_gate: BaseOperator,
    datasets: dict[DatasetType, DatasetTasks],
    imports: dict[DatasetType, BaseOperator],
    solution: SolutionTasks,
) -> None:
    """What came of the run is recorded and notified, however it went."""
    settings = group.model_dump(mode="json", by_alias=True)
    decisions = solution.gate.output["decision"]
    record = PersonalizeRecordRunOperator(
        task_id="record",
        group=settings,
        plan=plan,
        data_gate=data_gate.output,
        versions=solution.train.output,
        decisions=decisions,
        answers=solution.approve.output,
        checks=solution.verify.output,
        rollbacks=solution.verify.output["rolled_back"],
        imports={kind: tasks.output for kind, tasks in imports.items()},
        exports={kind: tasks.export.output for kind, tasks in datasets.items() if tasks.export},
    ).as_teardown()
    notify = PersonalizeNotifyOperator(
        task_id="notify", group=settings, plan=plan, recorded=record.output, decisions=decisions
    ).as_teardown()
    [solution.held, solution.verify] >> record >> notify


for dataset_group_settings in load_pipeline().dataset_groups:
    build(dataset_group_settings)
