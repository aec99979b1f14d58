"""
### Retrain recommenders

Every night: exports users and items whole, takes a snapshot of the interactions that `export_interactions` has
written, looks whether that is what the data usually is, imports all three, trains each solution of
`include/pipeline.yaml`, and compares its metrics with those of the version now live and of the popular items. What is
good enough goes live; what is not is held, or waits for an answer under *Required Actions*, as the file says. A
campaign that does not answer well after its move gets the earlier version back. What came of it is recorded and drawn.

Each wait on Amazon Personalize is deferred and holds no worker. A solution that fails does not stop the others. A task
that is tried again goes on with the job that an earlier try has started.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pendulum
from airflow.sdk import (
    DAG,
    Asset,
    AsyncCallback,
    DeadlineAlert,
    DeadlineReference,
    TriggerRule,
    task,
    task_group,
)
from airflow.sdk.exceptions import AirflowFailException
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
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from encore.retention import tags
from encore.runs import parameters


def _location(kind: DatasetType) -> str:
    """Where the snapshot task of a dataset has put the files."""
    return f"{{{{ ti.xcom_pull(task_ids='snapshot_{kind}')['location'] }}}}"


def _plan(choice: str) -> str:
    """A choice of the run's form, as `read_form` has checked it."""
    return f"{{{{ ti.xcom_pull(task_ids='read_form', key='plan')['{choice}'] }}}}"


def _decision(part: str) -> str:
    """A part of the gate's decision on the same solution."""
    return (
        f"{{{{ ti.xcom_pull(task_ids='refresh.gate', key='decision', map_indexes=ti.map_index)['{part}'] }}}}"
    )


def _deadline(group: DatasetGroup) -> DeadlineAlert | None:
    """Tells whoever wants to know that a night is late."""
    if group.deadline_hours is None:
        return None
    told = {
        "channels": [channel.model_dump(mode="json") for channel in group.notify],
        "group": group.name,
        "hours": group.deadline_hours,
    }
    return DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=group.deadline_hours),
        callback=AsyncCallback(notifications.late, kwargs=told),
    )


def build(group: DatasetGroup) -> DAG:
    """The retraining DAG of one dataset group."""
    aws = {"aws_conn_id": group.aws_conn_id}
    place = {**aws, "bucket": group.bucket, "prefix": group.prefix}
    settings = group.model_dump(mode="json", by_alias=True)
    owned = {"tags": tags(group.name)}

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
        days = None
        if kind == "interactions":
            days = PersonalizeSelectPartitionsOperator(
                task_id="choose_days", dataset_arn=made.output, **place
            ).output
        snapshot = PersonalizeDatasetSnapshotOperator(
            task_id=f"snapshot_{kind}",
            dataset=kind,
            partitions=days,
            run_id="{{ run_id }}",
            **place,
            inlets=[Asset(name=f"{group.name}_{kind}", uri=group.dataset_uri(kind))],
        )
        if kind != "interactions":
            export = SqlToPersonalizeDatasetOperator(
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
            read_form >> export >> snapshot
        import_job = PersonalizeCreateDatasetImportJobOperator(
            task_id=f"import_{kind}",
            dataset_arn=made.output,
            data_location=_location(kind),
            role_arn=group.role,
            import_mode=_plan("import_mode"),
            deferrable=True,
            pool=pools.IMPORTS,
            **aws,
        )
        read_form >> schema
        snapshot >> data_gate >> import_job
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
        params=forms.retraining(group),
        deadline=_deadline(group),
        tags=["personalize", "retrain", group.name],
    ) as dag:

        @task.branch(task_id="read_form", task_display_name="read form", retries=0)
        def look_at_form(params=None, ti=None):
            """Refuse choices that do not go together; a dry run leads to nothing but a look."""
            try:
                plan = parameters.read(params, group, datetime.now(UTC).date())
            except parameters.RunRefusedError as error:
                raise AirflowFailException(str(error)) from error
            ti.xcom_push(key="plan", value=plan.as_json())
            exports = [f"export_{kind}" for kind in group.datasets if kind != "interactions"]
            schemas = [f"{kind}_schema" for kind in group.datasets]
            begin = ["dataset_group", "choose_solutions", *schemas, *exports]
            return ["dry_run"] if plan.dry_run else begin

        read_form = look_at_form()
        dry_run = PersonalizeDryRunOperator(task_id="dry_run", group=settings, **aws)
        data_gate = PersonalizeDataGateOperator(
            task_id="data_gate",
            gate=group.data_gate.model_dump(),
            datasets=list(group.datasets),
            inlets=[Asset(name=f"{group.name}_interactions", uri=group.dataset_uri("interactions"))],
            retries=0,
            **place,
        )
        dataset_group = PersonalizeCreateDatasetGroupOperator(
            task_id="dataset_group", dataset_group_name=group.name, deferrable=True, **aws
        )
        read_form >> [dry_run, dataset_group]
        imports = {kind: import_dataset(kind, dataset_group.output) for kind in group.datasets}

        @task(task_display_name="choose solutions")
        def choose_solutions(ti=None):
            """What to train, as arguments of the task group below."""
            plan = ti.xcom_pull(task_ids="read_form", key="plan")
            return [group.solution(name).as_arguments() for name in plan["solutions"]]

        @task_group
        def refresh(
            name, recipe_arn, solution_config, event_type, campaign_name, min_provisioned_tps, campaign_config
        ):
            """Train, measure, judge, promote and check one solution."""
            solution = PersonalizeCreateSolutionOperator(
                task_id="solution",
                map_index_template="{{ task.solution_name }}",
                solution_name=name,
                dataset_group_arn=dataset_group.output,
                recipe_arn=recipe_arn,
                solution_config=solution_config,
                event_type=event_type,
                create_kwargs=owned,
                deferrable=True,
                **aws,
            )
            version = PersonalizeCreateSolutionVersionOperator(
                task_id="train",
                map_index_template="{{ task.solution_arn.split('/')[-1] }}",
                solution_arn=solution.output,
                training_mode=_plan("training_mode"),
                deferrable=True,
                pool=pools.TRAININGS,
                **aws,
            )
            metrics = PersonalizeGetSolutionMetricsOperator(
                task_id="metrics",
                map_index_template="{{ task.solution_version_arn.split('/')[1] }}",
                solution_version_arn=version.output,
                **aws,
            )
            gate = PersonalizeGateOperator(
                task_id="gate",
                map_index_template="{{ task.campaign_name }}",
                solution_version_arn=version.output,
                campaign_name=campaign_name,
                gates=gates,
                **place,
            )
            approve = PersonalizeApprovalOperator(
                task_id="approve",
                subject=f"{group.name}: shall {_decision('new')} go live?",
                body=_decision("markdown"),
                defaults="Reject",
                response_timeout=timedelta(hours=group.approval_hours),
                notifiers=notifications.channels_for(
                    "asked",
                    group.notify,
                    f"{group.name}: a new version waits for an answer",
                    _decision("text"),
                ),
            )

            held = PersonalizeHoldOperator(
                task_id="held",
                map_index_template="{{ task.campaign_name }}",
                campaign_name=campaign_name,
                trigger_rule=TriggerRule.NONE_FAILED,
            )
            campaign = PersonalizePromoteOperator(
                task_id="campaign",
                map_index_template="{{ task.campaign_name }}",
                campaign_name=campaign_name,
                solution_version_arn=version.output,
                min_provisioned_tps=min_provisioned_tps,
                campaign_config=campaign_config,
                create_kwargs=owned,
                trigger_rule=TriggerRule.NONE_FAILED,
                deferrable=True,
                **aws,
            )
            verify = PersonalizeVerifyCampaignOperator(
                task_id="verify",
                map_index_template="{{ task.campaign_arn.split('/')[-1] }}",
                campaign_arn=campaign.output,
                sample_location=_location("interactions"),
                items_location=_location("items") if "items" in group.datasets else None,
                earlier_version_arn=_decision("live"),
                checks=checks,
                deferrable=True,
                **aws,
            )
            solution >> version >> metrics >> gate >> approve >> [campaign, held]
            campaign >> verify

        gates = {
            solution.name: {
                **solution.gate.model_dump(exclude={"baseline"}),
                "baseline": baseline.name if (baseline := group.baseline(solution)) else None,
            }
            for solution in group.solutions
        }
        checks = {
            solution.campaign_name: solution.campaign.check.model_dump() for solution in group.solutions
        }
        refreshed = refresh.expand_kwargs(read_form >> choose_solutions())
        ready = list(imports.values())
        ready >> refreshed
        for each in group.filters:
            made = PersonalizeCreateFilterOperator(
                task_id=f"filter_{each.name}",
                filter_name=each.name,
                dataset_group_arn=dataset_group.output,
                filter_expression=each.expression,
                deferrable=True,
                **aws,
            )
            ready >> made
        record = PersonalizeRecordRunOperator(task_id="record", group=settings, **aws).as_teardown()
        tell = PersonalizeNotifyOperator(task_id="tell", group=settings, **aws).as_teardown()
        refreshed >> record >> tell
    return dag


for dataset_group_settings in load_pipeline().dataset_groups:
    globals()[dataset_group_settings.dag_id("retrain_recommenders")] = build(dataset_group_settings)
