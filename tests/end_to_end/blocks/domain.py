"""A DAG of what a retraining does not use: a recommender, a training that is stopped, one deletion of each kind."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_personalize import sensors
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.operators.campaign import (
    PersonalizeCreateOrUpdateCampaignOperator,
    PersonalizeDeleteCampaignOperator,
)
from airflow_personalize.operators.dataset import (
    PersonalizeCreateDatasetOperator,
    PersonalizeDeleteDatasetOperator,
)
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.delete_dataset_group import PersonalizeDeleteDatasetGroupOperator
from airflow_personalize.operators.event_tracker import (
    PersonalizeCreateEventTrackerOperator,
    PersonalizeDeleteEventTrackerOperator,
)
from airflow_personalize.operators.filter import (
    PersonalizeCreateFilterOperator,
    PersonalizeDeleteFilterOperator,
)
from airflow_personalize.operators.metric_attribution import PersonalizeDeleteMetricAttributionOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.recommender import (
    PersonalizeCreateRecommenderOperator,
    PersonalizeDeleteRecommenderOperator,
    PersonalizeStartRecommenderOperator,
    PersonalizeStopRecommenderOperator,
)
from airflow_personalize.operators.schema import (
    PersonalizeCreateSchemaOperator,
    PersonalizeDeleteSchemaOperator,
)
from airflow_personalize.operators.solution import (
    PersonalizeCreateSolutionOperator,
    PersonalizeDeleteSolutionOperator,
)
from airflow_personalize.operators.solution_version import (
    PersonalizeCreateSolutionVersionOperator,
    PersonalizeStopSolutionVersionOperator,
)
from tests.support.views import VIEWS, views_schema

BUCKET, ROLE, NAME, DOMAIN = "encore-blocks", "EncoreTestRole", "domain", "ECOMMERCE"
RECIPES = "arn:aws:personalize:::recipe"


@task
def attribute_metrics(dataset_group_arn: str) -> str:
    """A metric attribution; pipelines have no operator for it."""
    return PersonalizeHook().conn.create_metric_attribution(
        name=NAME,
        datasetGroupArn=dataset_group_arn,
        metrics=[{"eventType": "View", "metricName": "views", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={
            "roleArn": PersonalizeHook().expand_role(ROLE),
            "s3DataDestination": {"path": f"s3://{BUCKET}/metrics/"},
        },
    )["metricAttributionArn"]


with DAG(
    "blocks_domain",
    schedule=None,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=1), "deferrable": True},
):
    group = PersonalizeCreateDatasetGroupOperator(task_id="group", dataset_group_name=NAME, domain=DOMAIN)
    schema = PersonalizeCreateSchemaOperator(
        task_id="schema", schema_name=NAME, schema=views_schema(), domain=DOMAIN
    )
    dataset = PersonalizeCreateDatasetOperator(
        task_id="dataset",
        dataset_name=NAME,
        dataset_type="Interactions",
        dataset_group_arn=group.output,
        schema_arn=schema.output,
    )
    imported = PersonalizeCreateDatasetImportJobOperator(
        task_id="import", dataset_arn=dataset.output, data_location=f"s3://{BUCKET}/{VIEWS}", role_arn=ROLE
    )

    recommender = PersonalizeCreateRecommenderOperator(
        task_id="recommender",
        recommender_name=NAME,
        dataset_group_arn=group.output,
        recipe_arn=f"{RECIPES}/aws-ecomm-popular-items-by-views",
    )
    faster = PersonalizeCreateRecommenderOperator(
        task_id="faster",
        recommender_name=NAME,
        dataset_group_arn=group.output,
        recipe_arn=f"{RECIPES}/aws-ecomm-popular-items-by-views",
        recommender_config={"minRecommendationRequestsPerSecond": 2},
    )
    stop = PersonalizeStopRecommenderOperator(task_id="stop", recommender_arn=recommender.output)
    start = PersonalizeStartRecommenderOperator(task_id="start", recommender_arn=recommender.output)
    active = sensors.PersonalizeRecommenderSensor(
        task_id="see_recommender", recommender_arn=recommender.output, deferrable=True
    )
    recommend = PersonalizeGetRecommendationsOperator(
        task_id="ask", recommender_arn=recommender.output, user_id="u1"
    )
    imported >> recommender >> faster >> stop >> start >> active >> recommend

    solution = PersonalizeCreateSolutionOperator(
        task_id="solution",
        solution_name=NAME,
        dataset_group_arn=group.output,
        recipe_arn=f"{RECIPES}/aws-popularity-count",
    )
    begun = PersonalizeCreateSolutionVersionOperator(
        task_id="begin", solution_arn=solution.output, wait_for_completion=False, deferrable=False
    )
    stopped = PersonalizeStopSolutionVersionOperator(
        task_id="stop_training", solution_version_arn=begun.output
    )
    versions = [
        PersonalizeCreateSolutionVersionOperator(task_id=f"train_{turn}", solution_arn=solution.output)
        for turn in ("one", "two")
    ]
    campaigns = [
        PersonalizeCreateOrUpdateCampaignOperator(
            task_id=f"serve_{turn}", campaign_name=NAME, solution_version_arn=version.output
        )
        for turn, version in zip(("one", "two"), versions, strict=True)
    ]
    moved = sensors.PersonalizeCampaignUpdateSensor(task_id="see_update", campaign_arn=campaigns[1].output)
    imported >> solution >> begun >> stopped >> versions
    campaigns[0] >> campaigns[1] >> moved

    bought = PersonalizeCreateFilterOperator(
        task_id="filter",
        filter_name=NAME,
        dataset_group_arn=group.output,
        filter_expression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")',
    )
    tracker = PersonalizeCreateEventTrackerOperator(
        task_id="tracker", tracker_name=NAME, dataset_group_arn=group.output
    )
    attribution = attribute_metrics(group.output)
    attributed = sensors.PersonalizeMetricAttributionSensor(
        task_id="see_attribution", metric_attribution_arn=attribution
    )
    imported >> [bought, tracker, attribution]

    first = [
        PersonalizeDeleteRecommenderOperator(
            task_id="delete_recommender", recommender_arn=recommender.output
        ),
        PersonalizeDeleteCampaignOperator(task_id="delete_campaign", campaign_arn=campaigns[1].output),
        PersonalizeDeleteFilterOperator(task_id="delete_filter", filter_arn=bought.output),
        PersonalizeDeleteEventTrackerOperator(
            task_id="delete_tracker", event_tracker_arn="{{ ti.xcom_pull('tracker')['event_tracker_arn'] }}"
        ),
        PersonalizeDeleteMetricAttributionOperator(
            task_id="delete_attribution", metric_attribution_arn=attribution
        ),
    ]
    rest = [
        PersonalizeDeleteSolutionOperator(task_id="delete_solution", solution_arn=solution.output),
        PersonalizeDeleteDatasetOperator(task_id="delete_dataset", dataset_arn=dataset.output),
        PersonalizeDeleteSchemaOperator(task_id="delete_schema", schema_arn=schema.output),
        PersonalizeDeleteDatasetGroupOperator(task_id="delete_group", dataset_group_arn=group.output),
    ]
    for step in first:
        [recommend, moved, bought, tracker, attributed] >> step >> rest[0]
    rest[0] >> rest[1] >> rest[2] >> rest[3]
