"""
### Roll back a campaign

Puts an earlier solution version behind a campaign, at once and without training. Choose the campaign; without a version
it is the newest one that is older than the one now live. The campaign answers all the while.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import DAG

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from encore import forms
from encore.config import DatasetGroup, load_pipeline
from encore.operators.rollback import PersonalizeSelectRollbackVersionOperator


def build(group: DatasetGroup) -> DAG:
    """The DAG that puts earlier versions back in one dataset group."""
    aws = {"aws_conn_id": group.aws_conn_id}
    with DAG(
        dag_id=group.dag_id("rollback_campaign"),
        description=f"Put an earlier solution version behind a campaign of {group.name}",
        doc_md=__doc__,
        schedule=None,
        start_date=pendulum.datetime(2020, 1, 1, tz="UTC"),
        catchup=False,
        max_active_runs=1,
        default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
        params=forms.rollback(group),
        tags=["personalize", "rollback", group.name],
    ) as dag:
        version = PersonalizeSelectRollbackVersionOperator(
            task_id="select_version",
            dataset_group_name=group.name,
            campaign_name=dag.param("campaign"),
            version=dag.param("version"),
            multiple_outputs=True,
            **aws,
        ).output
        PersonalizeCreateOrUpdateCampaignOperator(
            task_id="campaign",
            campaign_name=dag.param("campaign"),
            solution_version_arn=version["solution_version_arn"],
            min_provisioned_tps=version["min_provisioned_tps"],
            campaign_config=version["campaign_config"],
            deferrable=True,
            **aws,
        )
    return dag


for dataset_group in load_pipeline().dataset_groups:
    build(dataset_group)
