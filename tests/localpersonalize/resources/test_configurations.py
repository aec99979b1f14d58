"""Configurations that name what is not there, or what the recipe does not do."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService
from tests.support.localpersonalize.live import schema

RECIPE = "arn:aws:personalize:::recipe/"
ITEMS = schema(
    "Items",
    ("ITEM_ID", "string"),
    {"name": "KIND", "type": "string", "categorical": True},
    ("price", ["null", "float"]),
)


@pytest.fixture
def group(service: InProcessService) -> str:
    arn = service.group()
    service.interactions(arn)
    made = service.create("Schema", active=False, name="items", schema=ITEMS)
    service.create("Dataset", name="items", datasetType="Items", datasetGroupArn=arn, schemaArn=made)
    return arn


def excluded(**columns: list[str]) -> dict[str, Any]:
    return {"solutionConfig": {"trainingDataConfig": {"excludedDatasetColumns": columns}}}


def included(**columns: list[str]) -> dict[str, Any]:
    return {"solutionConfig": {"trainingDataConfig": {"includedDatasetColumns": columns}}}


def objective(attribute: str) -> dict[str, Any]:
    return {"solutionConfig": {"optimizationObjective": {"itemAttribute": attribute}}}


REFUSED = [
    # recipe, what is asked for, what the error says
    ("aws-user-personalization", excluded(ITEMS=["COLOUR"]), "names COLOUR, which the dataset does not have"),
    ("aws-user-personalization", included(Items=["KIND", "x"]), "names x"),
    ("aws-user-personalization", excluded(USERS=["AGE"]), "no USERS dataset"),
    (
        "aws-user-personalization",
        excluded(ACTIONS=["VALUE"]),
        "one of the datasets INTERACTIONS, ITEMS, USERS",
    ),
    ("aws-user-personalization", excluded(INTERACTIONS=["user_id"]), "can't exclude the required USER_ID"),
    ("aws-user-personalization", objective("COLOUR"), "names COLOUR"),
    ("aws-user-personalization", objective("KIND"), "must be a number, not of type string"),
    ("aws-sims", objective("PRICE"), "takes no optimizationObjective"),
    ("aws-sims", {"performAutoML": True}, "no longer offered"),
    ("aws-sims", {"solutionConfig": {"autoMLConfig": {"metricName": "x"}}}, "no longer offered"),
    ("aws-sims", {"performIncrementalUpdate": True}, "aws-semantic-similarity only"),
    ("aws-popularity-count", {"performHPO": True}, "no hyperparameter that can be tuned"),
    *(
        (
            "aws-hrnn",
            {"solutionConfig": {"hpoConfig": {"hpoResourceConfig": {name: value}}}},
            f"{name} must be",
        )
        for name, values in (
            ("maxNumberOfTrainingJobs", ("0", "41", "many", "-1", "1.5")),
            ("maxParallelTrainingJobs", ("0", "11", "x")),
        )
        for value in values
    ),
]


@pytest.mark.parametrize(("recipe", "params", "says"), REFUSED)
def test_a_solution_that_asks_for_what_there_is_not(
    service: InProcessService, group: str, recipe: str, params: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInputError, match=says):
        service.call("CreateSolution", name="s", datasetGroupArn=group, recipeArn=RECIPE + recipe, **params)
    assert service.call("ListSolutions")["solutions"] == []


@pytest.mark.parametrize(
    "params", [excluded(ITEMS=["kind"]), included(items=["PRICE"]), objective("PRICE"), {}]
)
def test_a_solution_that_asks_for_what_there_is(
    service: InProcessService, group: str, params: dict[str, Any]
) -> None:
    recipe = RECIPE + "aws-user-personalization"
    service.call(
        "CreateSolution", name="s", datasetGroupArn=group, recipeArn=recipe, performHPO=True, **params
    )


def test_exploration_is_for_recipes_that_explore(service: InProcessService, group: str) -> None:
    plain = service.version(service.solution(group))
    settings = {"itemExplorationConfig": {"explorationWeight": "0.5"}}
    with pytest.raises(InvalidInputError, match="aws-popularity-count does not explore"):
        service.call("CreateCampaign", name="c", solutionVersionArn=plain, campaignConfig=settings)
    batch = {
        "jobName": "b",
        "roleArn": "r",
        "jobInput": {"s3DataSource": {"path": "s3://bucket/in"}},
        "jobOutput": {"s3DataDestination": {"path": "s3://bucket/out/"}},
    }
    with pytest.raises(InvalidInputError, match="does not explore"):
        service.call(
            "CreateBatchInferenceJob", solutionVersionArn=plain, batchInferenceJobConfig=settings, **batch
        )
    theme = {"fieldsForThemeGeneration": {"itemName": "TITLE"}}
    with pytest.raises(InvalidInputError, match="THEME_GENERATION only"):
        service.call(
            "CreateBatchInferenceJob", solutionVersionArn=plain, themeGenerationConfig=theme, **batch
        )
    exploring = service.create(
        "Solution", name="explores", datasetGroupArn=group, recipeArn=RECIPE + "aws-user-personalization"
    )
    version = service.version(exploring)
    unknown = {"itemExplorationConfig": {"weight": "0.5"}}
    with pytest.raises(InvalidInputError, match="has no weight; it has explorationWeight"):
        service.call("CreateCampaign", name="c", solutionVersionArn=version, campaignConfig=unknown)
    campaign = service.create("Campaign", name="c", solutionVersionArn=version, campaignConfig=settings)
    with pytest.raises(InvalidInputError, match="has no weight"):
        service.call("UpdateCampaign", campaignArn=campaign, campaignConfig=unknown)
    with pytest.raises(InvalidInputError, match="changes nothing"):
        service.call("UpdateCampaign", campaignArn=campaign)


def test_a_recommender_is_configured_as_its_use_case_allows(service: InProcessService) -> None:
    domain = service.group("domain", domain="ECOMMERCE")
    recipe = RECIPE + "aws-ecomm-popular-items-by-views"
    for config, says in (
        ({"itemExplorationConfig": {"explorationWeight": "0.5"}}, "does not explore"),
        ({"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE"]}}}, "no ITEMS dataset"),
    ):
        with pytest.raises(InvalidInputError, match=says):
            service.call(
                "CreateRecommender",
                name="r",
                datasetGroupArn=domain,
                recipeArn=recipe,
                recommenderConfig=config,
            )
    recommender = service.create("Recommender", name="r", datasetGroupArn=domain, recipeArn=recipe)
    with pytest.raises(InvalidInputError, match="does not explore"):
        service.call(
            "UpdateRecommender",
            recommenderArn=recommender,
            recommenderConfig={"itemExplorationConfig": {"explorationWeight": "0.5"}},
        )
