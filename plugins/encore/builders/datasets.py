"""The tasks of a dataset in a retraining: from the product database to a finished import."""

from __future__ import annotations

from dataclasses import dataclass

from airflow.sdk import Asset, BaseOperator, XComArg

from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.filter import PersonalizeCreateFilterOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator
from encore import pools
from encore.config import DatasetGroup, DatasetType
from encore.operators.data_gate import PersonalizeDataGateOperator
from encore.operators.select_partitions import PersonalizeSelectPartitionsOperator


@dataclass(frozen=True)
class DatasetTasks:
    """The tasks of one dataset before its import; users and items are exported first."""

    create: BaseOperator
    snapshot: BaseOperator
    export: BaseOperator | None


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


def create_filters(group: DatasetGroup, dataset_group: BaseOperator, imports: list[BaseOperator]) -> None:
    """The filters of the group, which need its data."""
    for filter_ in group.filters:
        imports >> PersonalizeCreateFilterOperator(
            task_id=f"filter_{filter_.name}",
            filter_name=filter_.name,
            dataset_group_arn=dataset_group.output,
            filter_expression=filter_.expression,
        )
