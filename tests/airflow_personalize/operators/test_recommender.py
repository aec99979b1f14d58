"""Recommenders: made, changed, switched off and on, and deleted; each step once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.operators.dataset import PersonalizeCreateDatasetOperator
from airflow_personalize.operators.dataset_group import PersonalizeCreateDatasetGroupOperator
from airflow_personalize.operators.dataset_import_job import PersonalizeCreateDatasetImportJobOperator
from airflow_personalize.operators.recommendations import PersonalizeGetRecommendationsOperator
from airflow_personalize.operators.recommender import (
    PersonalizeCreateRecommenderOperator,
    PersonalizeDeleteRecommenderOperator,
    PersonalizeStartRecommenderOperator,
    PersonalizeStopRecommenderOperator,
)
from airflow_personalize.operators.schema import PersonalizeCreateSchemaOperator
from tests.support.operator_runs import BUCKET, ROLE, Task
from tests.support.resources import WAIT
from tests.support.stub_client import ARN, NotFound, client
from tests.support.views import VIEWS, views, views_schema

__all__ = ["client"]

POPULAR = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-views"
BOUGHT = "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-purchases"


def description(**state: Any) -> dict[str, Any]:
    return {"recommender": {"recipeArn": "recipe", "status": "ACTIVE", "recommenderConfig": {}, **state}}


def create_recommender(**arguments: Any) -> PersonalizeCreateRecommenderOperator:
    return PersonalizeCreateRecommenderOperator(
        task_id="t",
        recommender_name="r",
        dataset_group_arn=f"{ARN}dataset-group/g",
        recipe_arn="recipe",
        waiter_delay=0.01,
        **arguments,
    )


def test_a_recommender_is_created_if_there_is_none(client):
    client.describe_recommender.side_effect = [NotFound(), NotFound(), description(), description()]
    assert Task("t").run(create_recommender()) == f"{ARN}recommender/r"
    client.create_recommender.assert_called_once()


def test_a_recommender_with_another_configuration_is_updated(client):
    done = description(
        latestRecommenderUpdate={
            "status": "ACTIVE",
            "recommenderConfig": {"minRecommendationRequestsPerSecond": 3},
        }
    )
    client.describe_recommender.side_effect = [description(), description(), done, done]
    config = {"minRecommendationRequestsPerSecond": 3}
    Task("t").run(create_recommender(recommender_config=config))
    client.update_recommender.assert_called_once_with(
        recommenderArn=f"{ARN}recommender/r", recommenderConfig=config
    )


@pytest.mark.parametrize("status", ["STOP PENDING", "STOP IN_PROGRESS", "INACTIVE"])
@pytest.mark.parametrize("rate", [1, 3])
def test_a_recommender_that_is_stopped_stays_so_and_as_it_is(client, status, rate):
    client.describe_recommender.side_effect = [
        description(status=status),
        *[description(status="INACTIVE")] * 3,
    ]
    config = {"minRecommendationRequestsPerSecond": rate}
    assert Task("t").run(create_recommender(recommender_config=config)) == f"{ARN}recommender/r"
    client.update_recommender.assert_not_called()
    client.create_recommender.assert_not_called()


def test_a_recommender_of_another_recipe_is_refused(client):
    client.describe_recommender.return_value = description(recipeArn="other")
    with pytest.raises(AirflowFailException, match="exists with the recipe other, not recipe"):
        Task("t").run(create_recommender())


@pytest.mark.parametrize(
    ("operator", "operation", "before", "after"),
    [
        (PersonalizeStopRecommenderOperator, "stop_recommender", "ACTIVE", "INACTIVE"),
        (PersonalizeStartRecommenderOperator, "start_recommender", "INACTIVE", "ACTIVE"),
    ],
)
def test_a_recommender_is_switched_once(client, operator, operation, before, after):
    client.describe_recommender.side_effect = [description(status=before), *[description(status=after)] * 9]
    switch = operator(task_id="t", recommender_arn=f"{ARN}recommender/r", waiter_delay=0.01)
    Task("t").run(switch)
    Task("t").run(switch)
    getattr(client, operation).assert_called_once()


@pytest.fixture
def shop(service) -> SimpleNamespace:
    """A domain dataset group with views in it, found again by each test."""
    service.client("s3").put_object(Bucket=BUCKET, Key=VIEWS, Body=views().encode())
    group = Task().run(
        PersonalizeCreateDatasetGroupOperator(
            task_id="group", dataset_group_name="views", domain="ECOMMERCE", **WAIT
        )
    )
    schema = Task().run(
        PersonalizeCreateSchemaOperator(
            task_id="schema", schema_name="views", schema=views_schema(), domain="ECOMMERCE"
        )
    )
    dataset = Task().run(
        PersonalizeCreateDatasetOperator(
            task_id="dataset",
            dataset_name="views",
            dataset_type="Interactions",
            dataset_group_arn=group,
            schema_arn=schema,
            **WAIT,
        )
    )
    Task("import", run_id="manual__views").run(
        PersonalizeCreateDatasetImportJobOperator(
            task_id="import",
            dataset_arn=dataset,
            data_location=f"s3://{BUCKET}/{VIEWS}",
            role_arn=ROLE,
            **WAIT,
        )
    )
    return SimpleNamespace(group=group, client=service.client("personalize"))


def recommender(shop, name: str, recipe: str = POPULAR, rate: int = 1, **arguments):
    return PersonalizeCreateRecommenderOperator(
        task_id="recommender",
        recommender_name=name,
        dataset_group_arn=shop.group,
        recipe_arn=recipe,
        recommender_config={"minRecommendationRequestsPerSecond": rate},
        **WAIT,
        **arguments,
    )


def test_a_recommender_is_found_again_and_updated_only_where_it_differs(shop):
    arn = Task().run(recommender(shop, "same"))
    assert Task().run(recommender(shop, "same")) == arn
    assert (
        "latestRecommenderUpdate" not in shop.client.describe_recommender(recommenderArn=arn)["recommender"]
    )
    for _ in range(2):
        assert Task().run(recommender(shop, "same", rate=2)) == arn
    state = shop.client.describe_recommender(recommenderArn=arn)["recommender"]
    assert state["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert state["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 2
    items = Task().run(
        PersonalizeGetRecommendationsOperator(
            task_id="ask", recommender_arn=arn, user_id="u1", item_id="i1", num_results=5
        )
    )
    assert len(items) == 5


def test_another_recipe_under_the_name_is_refused(shop):
    Task().run(recommender(shop, "same"))
    with pytest.raises(AirflowFailException, match="recipe can't be changed"):
        Task().run(recommender(shop, "same", BOUGHT))


def test_stopping_starting_and_deleting_can_each_be_repeated(shop):
    arn = Task().run(recommender(shop, "switched"))

    def status() -> str:
        return shop.client.describe_recommender(recommenderArn=arn)["recommender"]["status"]

    for _ in range(2):
        stop = PersonalizeStopRecommenderOperator(task_id="stop", recommender_arn=arn, **WAIT)
        assert Task().run(stop) == arn
        assert status() == "INACTIVE"
    for _ in range(2):
        start = PersonalizeStartRecommenderOperator(task_id="start", recommender_arn=arn, **WAIT)
        assert Task().run(start) == arn
        assert status() == "ACTIVE"
    for _ in range(2):
        Task().run(PersonalizeDeleteRecommenderOperator(task_id="delete", recommender_arn=arn, **WAIT))
    with pytest.raises(shop.client.exceptions.ResourceNotFoundException):
        status()


def test_starting_what_does_not_exist_fails_with_its_name(shop):
    missing = shop.group.replace("dataset-group/views", "recommender/never-was")
    with pytest.raises(PersonalizeError, match=r"recommender/never-was is ResourceNotFoundException"):
        Task().run(PersonalizeStartRecommenderOperator(task_id="start", recommender_arn=missing, **WAIT))
