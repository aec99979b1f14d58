"""
### Roll back a campaign

Puts an earlier solution version behind a campaign, at once and without training. Choose the campaign; without a version
it is the one that was live before the one now live: a version that a run has held is passed over. The campaign answers
all the while; then its answers are checked, and the rollback is recorded and notified, one that fails as well.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore import forms, notifications
from encore.config import DatasetGroup, load_pipeline
from encore.operators.rollback import (
    PersonalizeRecordRollbackOperator,
    PersonalizeSelectRollbackVersionOperator,
)
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from encore.runs.failure_reasons import keep_reason


def build(group: DatasetGroup) -> DAG:
    """The DAG that puts earlier versions back in one dataset group."""
    with DAG(
        dag_id=group.dag_id("rollback_campaign"),
        description=f"Put an earlier solution version behind a campaign of {group.name}",
        doc_md=__doc__,
        schedule=None,
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=30),
            "aws_conn_id": group.aws_conn_id,
            "deferrable": True,
            "on_failure_callback": keep_reason,
        },
        **notifications.callbacks(group),
        tags=["personalize", "rollback", group.name],
    ) as dag:
        settings = group.model_dump(mode="json", by_alias=True)
        version = PersonalizeSelectRollbackVersionOperator(
            task_id="select_version",
            group=settings,
            campaign_name=dag.param("campaign"),
            version=dag.param("version"),
            multiple_outputs=True,
        ).output
        campaign = PersonalizeCreateOrUpdateCampaignOperator(
            task_id="campaign",
            campaign_name=dag.param("campaign"),
            solution_version_arn=version["solution_version_arn"],
            min_provisioned_tps=version["min_provisioned_tps"],
            campaign_config=version["campaign_config"],
        )
        verify = PersonalizeVerifyCampaignOperator(
            task_id="verify",
            campaign_arn=campaign.output,
            sample_location=group.dataset_uri("interactions"),
            decision={"new": version["solution_version_arn"], "live": None},
            checks=group.checks(),
            multiple_outputs=True,
        )
        record = PersonalizeRecordRollbackOperator(
            task_id="record",
            group=settings,
            campaign_name=dag.param("campaign"),
            version=version,
            summary=verify.output["summary"],
        ).as_teardown()
        verify >> record
        forms.give(dag, forms.rollback(group))
    return dag


for dataset_group in load_pipeline().dataset_groups:
    if dataset_group.solutions:
        build(dataset_group)
