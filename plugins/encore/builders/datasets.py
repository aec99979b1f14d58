"""The tasks of a dataset in a retraining: from the product database to a finished import."""

from __future__ import annotations

from dataclasses import dataclass

from airflow.sdk import BaseOperator, TriggerRule, XComArg

from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore import pools
from encore.builders.budget import ask_over_budget
from encore.builders.checks import check_tables
from encore.builders.exports import exported, query, target
from encore.builders.history import export_history, select_history
from encore.config import DatasetGroup, DatasetType
from encore.config.policies import DataGate
from encore.operators.budget import PersonalizeRetrainingBudgetOperator
from encore.operators.data_gate import PersonalizeDataGateOperator
from encore.operators.select_partitions import PersonalizeSelectPartitionsOperator


@dataclass(frozen=True)
class DatasetTasks:
    """The tasks of one dataset before its import; users and items are exported first.

    `history` selects the days of interactions that no export has written, `partitions` those that are imported.
    """

    create: BaseOperator
    snapshot: BaseOperator
    export: BaseOperator | None = None
    history: BaseOperator | None = None
    partitions: XComArg | None = None


def prepare_dataset(
    group: DatasetGroup,
    kind: DatasetType,
    dataset_group: BaseOperator,
    turn: BaseOperator,
    plan: XComArg,
) -> DatasetTasks:
    """Dataset with its schema, and a snapshot of the newest data; users and items are exported for it.

    :param turn: comes before everything that is done
    """
    settings = group.datasets[kind]
    asset = exported(group, kind)
    create = PersonalizeCreateDatasetOperator(
        task_id=f"{kind}_dataset",
        dataset_name=f"{group.name}-{kind}",
        dataset_type=kind.title(),
        dataset_group_arn=dataset_group.output,
        schema=settings.avro_schema,
        domain=group.domain,
    )
    history = select_history(group, plan) if kind == "interactions" else None
    if history:
        turn >> history
    partitions = select_partitions(group, create, history, plan) if history else None
    snapshot = PersonalizeDatasetSnapshotOperator(
        task_id=f"snapshot_{kind}",
        dataset=kind,
        partitions=partitions,
        run_id="{{ run_id }}",
        on_duplicates=settings.on_duplicates,
        inlets=[asset],
        multiple_outputs=True,
    )
    if history:  # the days since are exported by a DAG of their own
        return DatasetTasks(create, snapshot, history=history, partitions=partitions)
    export = SqlToPersonalizeDatasetOperator(
        task_id=f"export_{kind}", outlets=[asset], **target(group, kind), **query(group, kind)
    )
    turn >> export >> snapshot
    for checks in check_tables(group, kind, f"check_{kind}"):
        turn >> checks >> export
    return DatasetTasks(create, snapshot, export)


def select_partitions(
    group: DatasetGroup, dataset: BaseOperator, history: BaseOperator, plan: XComArg
) -> XComArg:
    """The days of interactions that the run imports, once those are exported that no export has written."""
    selected = PersonalizeSelectPartitionsOperator(
        task_id="select_partitions",
        dataset_arn=dataset.output,
        import_mode=plan["import_mode"],
        as_of=plan["as_of"],
        held_back_days=group.comparison.held_back_days if group.comparison else 0,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,  # mostly there is no history to export
    )
    export_history(group, history) >> selected
    return selected.output


def check_data(group: DatasetGroup, datasets: dict[DatasetType, DatasetTasks], plan: XComArg) -> BaseOperator:
    """The gate of the data: what is not what it usually is replaces nothing."""
    return PersonalizeDataGateOperator(
        task_id="data_gate",
        gate=_data_gate(group).model_dump(),
        snapshots={kind: tasks.snapshot.output for kind, tasks in datasets.items()},
        exports={kind: tasks.export.output for kind, tasks in datasets.items() if tasks.export},
        import_mode=plan["import_mode"],
        on_failure=plan["data_gate"],
        as_of=plan["as_of"],
        inlets=[exported(group, "interactions")],
        retries=0,
    )


def check_budget(group: DatasetGroup, data_gate: BaseOperator, plan: XComArg) -> BaseOperator:
    """What the first paid steps wait for: the data gate, and after it the month's budget, if the file has one."""
    budget = ask_over_budget(
        group,
        PersonalizeRetrainingBudgetOperator,
        "a retraining",
        solutions=plan["solutions"],
        data_gate=data_gate.output,
    )
    return budget or data_gate


def _data_gate(group: DatasetGroup) -> DataGate:
    """The group's gate; what is held back makes the newest interaction that is imported so much older."""
    gate = group.data_gate
    if group.comparison is None or gate.max_age_hours is None:
        return gate
    return gate.model_copy(
        update={"max_age_hours": gate.max_age_hours + 24 * group.comparison.held_back_days}
    )


def import_dataset(
    group: DatasetGroup, kind: DatasetType, tasks: DatasetTasks, plan: XComArg
) -> BaseOperator:
    """The import of a dataset's snapshot; that of interactions is reported on, where the file wants reports."""
    has_reports = group.metric_attribution is not None and group.metric_attribution.reports
    return PersonalizeCreateDatasetImportJobOperator(
        task_id=f"import_{kind}",
        dataset_arn=tasks.create.output,
        data_location=tasks.snapshot.output["location"],
        role_arn=group.role,
        # They are exported whole and have no id: what is added to them would be there twice.
        import_mode="FULL" if kind == "action_interactions" else plan["import_mode"],
        publish_metrics=True if kind == "interactions" and has_reports else None,
        pool=pools.IMPORTS,
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
