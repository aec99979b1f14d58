"""From a table of views to a campaign that recommends: export, import, train, serve.

The product database is the connection `product_db`; the service and S3 are `aws_default`.
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, Param, chain

from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import PersonalizeCreateSolutionVersionOperator
from airflow_personalize.transfers.personalize_dataset_snapshot import PersonalizeDatasetSnapshotOperator
from airflow_personalize.transfers.sql_to_personalize_dataset import SqlToPersonalizeDatasetOperator

SCHEMA = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}
QUERY = """
SELECT user_id, item_id, seen_at AS "timestamp" FROM views
WHERE seen_at >= {{ start }} AND seen_at < {{ end }}
"""
DATASET = {"dataset": "interactions", "bucket": "{{ params.bucket }}", "prefix": "example"}

with DAG(
    dag_id="example_personalize",
    schedule="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example"],
    params={
        "bucket": Param("my-bucket", type="string", description="A bucket that the role may read"),
        "role": Param("PersonalizeRole", type="string", description="A role that Personalize may assume"),
    },
) as dag:
    # [START howto_operator_personalize_create_dataset]
    group = PersonalizeCreateDatasetGroupOperator(task_id="group", dataset_group_name="example")
    schema = PersonalizeCreateSchemaOperator(task_id="schema", schema_name="example", schema=SCHEMA)
    dataset = PersonalizeCreateDatasetOperator(
        task_id="dataset",
        dataset_name="interactions",
        dataset_type="Interactions",
        dataset_group_arn=group.output,
        schema_arn=schema.output,
    )
    # [END howto_operator_personalize_create_dataset]
    # [START howto_transfer_sql_to_personalize_dataset]
    export = SqlToPersonalizeDatasetOperator(task_id="export", sql=QUERY, schema=SCHEMA, **DATASET)
    snapshot = PersonalizeDatasetSnapshotOperator(task_id="snapshot", **DATASET)
    # [END howto_transfer_sql_to_personalize_dataset]
    # [START howto_operator_personalize_dataset_import_job]
    imported = PersonalizeCreateDatasetImportJobOperator(
        task_id="import",
        dataset_arn=dataset.output,
        data_location=snapshot.output["location"],
        role_arn="{{ params.role }}",
        deferrable=True,
    )
    # [END howto_operator_personalize_dataset_import_job]
    # [START howto_operator_personalize_train]
    solution = PersonalizeCreateSolutionOperator(
        task_id="solution",
        solution_name="for-you",
        dataset_group_arn=group.output,
        recipe_arn="arn:aws:personalize:::recipe/aws-user-personalization-v2",
    )
    version = PersonalizeCreateSolutionVersionOperator(
        task_id="train", solution_arn=solution.output, deferrable=True
    )
    # [END howto_operator_personalize_train]
    # [START howto_operator_personalize_campaign]
    campaign = PersonalizeCreateOrUpdateCampaignOperator(
        task_id="campaign", campaign_name="for-you", solution_version_arn=version.output, deferrable=True
    )
    recommend = PersonalizeGetRecommendationsOperator(
        task_id="recommend", campaign_arn=campaign.output, user_id="1"
    )
    # [END howto_operator_personalize_campaign]

    chain(export, snapshot, imported, version, campaign, recommend)
