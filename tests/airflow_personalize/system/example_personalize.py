"""System test of the operators against a service with real data: everything is made, used, and removed.

Set SYSTEM_TESTS_ENV_ID (a prefix for names), ROLE_ARN (a role that Personalize may assume to read the bucket) and
DATA_LOCATION (an ``s3://`` folder of interactions as CSV: USER_ID, ITEM_ID, TIMESTAMP; 1,000 or more).
"""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import DAG, TriggerRule, chain

from airflow_personalize.example_dags.example_personalize import SCHEMA
from airflow_personalize.operators.campaign import PersonalizeCreateOrUpdateCampaignOperator
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.delete_dataset_group import PersonalizeDeleteDatasetGroupTreeOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from airflow_personalize.operators.solution import PersonalizeCreateSolutionOperator
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeGetSolutionMetricsOperator,
)
from airflow_personalize.sensors.campaign import PersonalizeCampaignSensor
from tests.airflow_personalize.system.utils import SystemTestContextBuilder, get_test_run, watcher

DAG_ID = "example_personalize"

# Externally fetched variables:
ROLE_ARN_KEY = "ROLE_ARN"
DATA_LOCATION_KEY = "DATA_LOCATION"

sys_test_context_task = (
    SystemTestContextBuilder().add_variable(ROLE_ARN_KEY).add_variable(DATA_LOCATION_KEY).build()
)

with DAG(dag_id=DAG_ID, schedule="@once", start_date=datetime(2026, 1, 1), catchup=False) as dag:
    test_context = sys_test_context_task()
    env_id = test_context["ENV_ID"]

    create_dataset_group = PersonalizeCreateDatasetGroupOperator(
        task_id="create_dataset_group", dataset_group_name=env_id
    )
    create_schema = PersonalizeCreateSchemaOperator(
        task_id="create_schema", schema_name=env_id, schema=SCHEMA
    )
    create_dataset = PersonalizeCreateDatasetOperator(
        task_id="create_dataset",
        dataset_name=env_id,
        dataset_type="Interactions",
        dataset_group_arn=create_dataset_group.output,
        schema_arn=create_schema.output,
    )
    import_dataset = PersonalizeCreateDatasetImportJobOperator(
        task_id="import_dataset",
        dataset_arn=create_dataset.output,
        data_location=test_context[DATA_LOCATION_KEY],
        role_arn=test_context[ROLE_ARN_KEY],
    )
    create_solution = PersonalizeCreateSolutionOperator(
        task_id="create_solution",
        solution_name=env_id,
        dataset_group_arn=create_dataset_group.output,
        recipe_arn="arn:aws:personalize:::recipe/aws-popularity-count",
    )
    create_solution_version = PersonalizeCreateSolutionVersionOperator(
        task_id="create_solution_version", solution_arn=create_solution.output
    )
    get_solution_metrics = PersonalizeGetSolutionMetricsOperator(
        task_id="get_solution_metrics", solution_version_arn=create_solution_version.output
    )
    create_campaign = PersonalizeCreateOrUpdateCampaignOperator(
        task_id="create_campaign",
        campaign_name=env_id,
        solution_version_arn=create_solution_version.output,
        wait_for_completion=False,
    )
    await_campaign = PersonalizeCampaignSensor(task_id="await_campaign", campaign_arn=create_campaign.output)
    get_recommendations = PersonalizeGetRecommendationsOperator(
        task_id="get_recommendations", campaign_arn=create_campaign.output, user_id="1"
    )
    delete_dataset_group = PersonalizeDeleteDatasetGroupTreeOperator(
        task_id="delete_dataset_group",
        dataset_group_arn=create_dataset_group.output,
        delete_schemas=True,
        trigger_rule=TriggerRule.ALL_DONE,
    )

    chain(
        # TEST SETUP
        test_context,
        create_dataset_group,
        create_schema,
        # TEST BODY
        create_dataset,
        import_dataset,
        create_solution,
        create_solution_version,
        get_solution_metrics,
        create_campaign,
        await_campaign,
        get_recommendations,
        # TEST TEARDOWN
        delete_dataset_group,
    )

    # This test needs watcher in order to properly mark success/failure
    # when "tearDown" task with trigger rule is part of the DAG
    list(dag.tasks) >> watcher()

# Needed to run the example DAG with pytest
test_run = get_test_run(dag)
