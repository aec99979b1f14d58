"""Configurations beyond what botocore's model and the guide allow, through boto3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.localpersonalize import shop as data
from tests.support.localpersonalize.calls import own_group, own_schema
from tests.support.localpersonalize.live import code, schema
from tests.support.localpersonalize.shop import RECIPE, Shop

TEXTUAL = {"name": "STORY", "type": ["null", "string"], "textual": True}
CATEGORICAL = {"name": "KIND", "type": "string", "categorical": True}


def campaign(shop: Shop, config: dict[str, Any]) -> Any:
    client = shop.live.client("personalize", parameter_validation=False)
    return client.create_campaign(name="no", solutionVersionArn=shop["version"], campaignConfig=config)


def solution(shop: Shop, recipe: str = "aws-user-personalization", **params: Any) -> Any:
    client = shop.live.client("personalize", parameter_validation=False)
    return client.create_solution(
        name="no",
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + recipe,
        performAutoTraining=False,
        **params,
    )


def dataset(shop: Shop, kind: str, name: str, *fields: Any) -> Any:
    made = own_schema(shop, name, schema(kind, (f"{kind[:-1].upper()}_ID", "string"), *fields))
    return shop.live.personalize.create_dataset(
        name="no", datasetType=kind, datasetGroupArn=own_group(shop, name), schemaArn=made
    )


CALLS: dict[str, Callable[[Shop], Any]] = {
    "exploration weight over 1": lambda s: campaign(s, {"itemExplorationConfig": {"explorationWeight": "2"}}),
    "exploration weight no number": lambda s: campaign(
        s, {"itemExplorationConfig": {"explorationWeight": "abc"}}
    ),
    "exploration of a recipe without": lambda s: campaign(
        s, {"itemExplorationConfig": {"explorationWeight": "0.3"}}
    ),
    "influence of what there is not": lambda s: campaign(s, {"rankingInfluence": {"PRICE": 0.5}}),
    "influence over 1": lambda s: campaign(s, {"rankingInfluence": {"POPULARITY": 2.0}}),
    "influence below 0": lambda s: campaign(s, {"rankingInfluence": {"FRESHNESS": -0.1}}),
    "unknown column of training data": lambda s: solution(
        s, solutionConfig={"trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["COLOUR"]}}}
    ),
    "unknown column of the objective": lambda s: solution(
        s, solutionConfig={"optimizationObjective": {"itemAttribute": "COLOUR"}}
    ),
    "objective that is no number": lambda s: solution(
        s, solutionConfig={"optimizationObjective": {"itemAttribute": "CATEGORY"}}
    ),
    "weight of events over 1": lambda s: solution(
        s, solutionConfig={"eventsConfig": {"eventParametersList": [{"eventType": "a", "weight": 1.5}]}}
    ),
    "incremental updates": lambda s: solution(s, performIncrementalUpdate=True),
    "a schedule of no days": lambda s: solution(
        s, solutionConfig={"autoTrainingConfig": {"schedulingExpression": "rate(0 days)"}}
    ),
    "two textual fields": lambda s: dataset(s, "Items", "two-texts", TEXTUAL, {**TEXTUAL, "name": "MORE"}),
    "a textual field of users": lambda s: dataset(s, "Users", "text-of-users", CATEGORICAL, TEXTUAL),
    "an update of a campaign without a change": lambda s: s.live.personalize.update_campaign(
        campaignArn=s["campaign"]
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_what_a_configuration_cannot_be_is_refused(shop: Shop, name: str) -> None:
    assert code(lambda: CALLS[name](shop)) == "InvalidInputException"


def test_members_of_action_interactions_are_kept(shop: Shop) -> None:
    """Source: botocore's model of PutActionInteractions."""
    live, group = shop.live, own_group(shop, "acted")
    text = data.ACTION_INTERACTIONS.replace(
        '{"name": "TIMESTAMP"',
        '{"name": "CHANNEL", "type": ["null", "string"], "categorical": true}, {"name": "TIMESTAMP"',
    )
    made = own_schema(shop, "acted", text)
    arn = live.make(
        "Dataset", name="a", datasetType="Action_Interactions", datasetGroupArn=group, schemaArn=made
    )
    tracking = live.personalize.describe_dataset(datasetArn=arn)["dataset"]["trackingId"]
    event = {
        "actionId": "a1",
        "userId": "u1",
        "sessionId": "s",
        "timestamp": 1_700_000_000,
        "eventType": "Taken",
        "recommendationId": "RID-1",
        "impression": ["a1", "a2"],
        "properties": '{"channel": "mail", "other": 1}',
    }
    put = live.client("personalize-events").put_action_interactions
    put(trackingId=tracking, actionInteractions=[event])
    wrong = code(
        lambda: put(trackingId=tracking, actionInteractions=[{**event, "properties": '{"channel": 1}'}])
    )
    assert wrong == "InvalidInputException"
    target = {"s3DataDestination": {"path": "s3://shop/acted/"}}
    live.make(
        "DatasetExportJob",
        jobName="acted",
        datasetArn=arn,
        ingestionMode="PUT",
        roleArn=shop.role,
        jobOutput=target,
    )
    (file,) = live.s3.list_objects_v2(Bucket="shop", Prefix="acted/")["Contents"]
    header, *lines = live.s3.get_object(Bucket="shop", Key=file["Key"])["Body"].read().decode().splitlines()
    assert [dict(zip(header.split(","), line.split(","), strict=True))["CHANNEL"] for line in lines] == [
        "mail"
    ]
