from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from localpersonalize.runtime.use_cases import USE_CASES
from tests.support.localpersonalize.planted_resources import ARN, GROUP, PlantedResources


@pytest.fixture
def runtime(shop: PlantedResources) -> Any:
    made = Runtime(shop, shop)
    yield made
    made.close()


def ids(runtime: Runtime, **params: Any) -> list[str]:
    return [item["itemId"] for item in runtime.get_recommendations(params)["itemList"]]


def test_recommenders_answer_like_their_use_case(shop: PlantedResources, runtime: Runtime) -> None:
    shop.train("best", "aws-popularity-count")
    arn = f"{ARN}recommender/best"
    shop.bodies[arn] = {
        "recipeArn": "arn:aws:personalize:::recipe/aws-ecomm-popular-items-by-purchases",
        "datasetGroupArn": GROUP,
        "status": "ACTIVE",
    }
    assert ids(runtime, recommenderArn=arn, userId="u1", numResults=1) == ["hit"]
    with pytest.raises(InvalidInputError, match="userId is required"):
        ids(runtime, recommenderArn=arn)
    shop.bodies[arn]["status"] = "INACTIVE"
    runtime.withdraw(arn)
    with pytest.raises(ResourceNotFoundError, match="INACTIVE"):
        ids(runtime, recommenderArn=arn, userId="u1")


def test_every_use_case_names_what_a_request_must_have() -> None:
    assert len(USE_CASES) == 10
    assert all(set(case.requires) <= {"userId", "itemId"} for case in USE_CASES.values())
