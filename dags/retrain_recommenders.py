"""
### Retrain recommenders

Every night: exports users and items whole, takes a snapshot of the interactions that `export_interactions` has
written, imports all three (FULL), trains each solution of `include/pipeline.yaml`, gets its metrics, moves its
campaign to the new version, and asks the campaign for recommendations.

Each wait on Amazon Personalize is deferred and holds no worker. A solution that fails does not stop the others. A task
that is tried again goes on with the job that an earlier try has started.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Asset, task, task_group
from airflow.timetables.trigger import CronTriggerTimetable
from airflow.utils.types import DagRunType

from personalize.config import INCLUDE, DatasetGroup, DatasetType, load_pipeline
from personalize.operators.campaigns import PersonalizeCreateOrUpdateCampaignOperator
from personalize.operators.dataset_groups import (
    PersonalizeCreateDatasetGroupOperator,
    PersonalizeCreateDatasetOperator,
    PersonalizeCreateSchemaOperator,
)
from personalize.operators.imports import PersonalizeCreateDatasetImportJobOperator
from personalize.operators.solutions import (
    PersonalizeCreateSolutionOperator,
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)
from personalize.operators.verification import PersonalizeVerifyCampaignOperator
from personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator


def _location(kind: DatasetType) -> str:
    """Where the snapshot task of a dataset has put the files."""
    return f"{{{{ ti.xcom_pull(task_ids='snapshot_{kind}')['location'] }}}}"


def retrain_recommenders(group: DatasetGroup) -> DAG:
    """The retraining DAG of one dataset group."""
    aws = {"aws_conn_id": group.aws_conn_id}
    place = {**aws, "bucket": group.bucket, "prefix": group.prefix}

    def import_dataset(kind: DatasetType, dataset_group_arn):
        """Schema, dataset, and the newest data in it; for users and items the export comes first."""
        dataset = group.datasets[kind]
        schema = PersonalizeCreateSchemaOperator(
            task_id=f"{kind}_schema", schema_name=f"{group.name}-{kind}", schema=dataset.avro_schema, **aws
        )
        made = PersonalizeCreateDatasetOperator(
            task_id=f"{kind}_dataset",
            dataset_name=f"{group.name}-{kind}",
            dataset_type=kind.capitalize(),
            dataset_group_arn=dataset_group_arn,
            schema_arn=schema.output,
            deferrable=True,
            **aws,
        )
        snapshot = PersonalizeDatasetSnapshotOperator(
            task_id=f"snapshot_{kind}",
            dataset=kind,
            run_id="{{ run_id }}",
            **place,
            inlets=[Asset(name=f"{group.name}_{kind}", uri=group.dataset_uri(kind))],
        )
        if kind != "interactions":
            (
                SqlToPersonalizeDatasetOperator(
                    task_id=f"export_{kind}",
                    dataset=kind,
                    sql=dataset.sql,
                    schema=dataset.avro_schema,
                    contract=dataset.contract,
                    rejected_limit=dataset.rejected_limit,
                    conn_id=group.product_db,
                    outlets=[Asset(name=f"{group.name}_{kind}", uri=group.dataset_uri(kind))],
                    **place,
                )
                >> snapshot
            )
        import_job = PersonalizeCreateDatasetImportJobOperator(
            task_id=f"import_{kind}",
            dataset_arn=made.output,
            data_location=_location(kind),
            role_arn=group.role,
            deferrable=True,
            **aws,
        )
        snapshot >> import_job
        return import_job

    with DAG(
        dag_id=group.dag_id("retrain_recommenders"),
        description=f"Nightly retraining of {group.name}: import, train, measure, promote",
        doc_md=__doc__,
        schedule=CronTriggerTimetable(group.schedule, timezone="UTC"),
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        allowed_run_types=[DagRunType.SCHEDULED, DagRunType.MANUAL, DagRunType.ASSET_TRIGGERED],
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        template_searchpath=[str(INCLUDE)],
        tags=["personalize", "retrain", group.name],
    ) as dag:
        dataset_group = PersonalizeCreateDatasetGroupOperator(
            task_id="dataset_group", dataset_group_name=group.name, deferrable=True, **aws
        )
        imports = {kind: import_dataset(kind, dataset_group.output) for kind in group.datasets}

        @task(task_display_name="choose solutions")
        def choose_solutions():
            """What to train, as arguments of the task group below."""
            return [solution.as_arguments() for solution in group.solutions]

        @task_group
        def refresh(
            name, recipe_arn, solution_config, event_type, campaign_name, min_provisioned_tps, campaign_config
        ):
            """Train, measure, promote and check one solution."""
            solution = PersonalizeCreateSolutionOperator(
                task_id="solution",
                map_index_template="{{ task.solution_name }}",
                solution_name=name,
                dataset_group_arn=dataset_group.output,
                recipe_arn=recipe_arn,
                solution_config=solution_config,
                event_type=event_type,
                deferrable=True,
                **aws,
            )
            version = PersonalizeCreateSolutionVersionOperator(
                task_id="train",
                map_index_template="{{ task.solution_arn.split('/')[-1] }}",
                solution_arn=solution.output,
                deferrable=True,
                **aws,
            )
            metrics = PersonalizeGetSolutionMetricsOperator(
                task_id="metrics",
                map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
                solution_version_arn=version.output,
                **aws,
            )
            campaign = PersonalizeCreateOrUpdateCampaignOperator(
                task_id="campaign",
                map_index_template="{{ task.campaign_name }}",
                campaign_name=campaign_name,
                solution_version_arn=version.output,
                min_provisioned_tps=min_provisioned_tps,
                campaign_config=campaign_config,
                deferrable=True,
                **aws,
            )
            verify = PersonalizeVerifyCampaignOperator(
                task_id="verify",
                map_index_template="{{ task.campaign_arn.split('/')[-1] }}",
                campaign_arn=campaign.output,
                sample_location=_location("interactions"),
                **aws,
            )
            solution >> version >> metrics >> campaign >> verify

        list(imports.values()) >> refresh.expand_kwargs(choose_solutions())
    return dag


for dataset_group_settings in load_pipeline().dataset_groups:
    globals()[dataset_group_settings.dag_id("retrain_recommenders")] = retrain_recommenders(
        dataset_group_settings
    )
