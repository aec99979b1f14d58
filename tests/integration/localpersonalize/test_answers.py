"""Answers in the words that the service uses, where AWS's printed examples show them."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localpersonalize.recipes.registry import RECIPES
from localpersonalize.runtime.use_cases import USE_CASES
from tests.support.localpersonalize.calls import own_recommender
from tests.support.localpersonalize.live import BUCKET, Live, code
from tests.support.localpersonalize.shop import RECIPE, Shop


def lines_of(live: Live, kind: str, name: str, shop: Shop, *lines: str, **more: Any) -> list[dict[str, Any]]:
    """What a batch job of these lines answers."""
    path = live.upload(f"ask/{name}.json", "\n".join(lines))
    live.make(
        kind,
        jobName=name,
        roleArn=shop.role,
        jobInput={"s3DataSource": {"path": path}},
        jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/answers/"}},
        **more,
    )
    text = live.s3.get_object(Bucket=BUCKET, Key=f"answers/{name}.json.out")["Body"].read().decode()
    return [json.loads(line) for line in text.splitlines()]


def test_all_recipes_are_listed_in_pages(live: Live) -> None:
    """Source: botocore's model, `ListRecipes`: without a domain, all recipes."""
    first = live.personalize.list_recipes(maxResults=3)
    assert len(first["recipes"]) == 3
    assert first["nextToken"]
    pages = live.personalize.get_paginator("list_recipes").paginate(PaginationConfig={"PageSize": 4})
    names = [recipe["name"] for page in pages for recipe in page["recipes"]]
    assert names == sorted({*RECIPES, *USE_CASES})
    domain = live.personalize.list_recipes(domain="ECOMMERCE")["recipes"]
    assert {recipe["domain"] for recipe in domain} == {"ECOMMERCE"}


def test_a_second_event_tracker_is_there_already(shop: Shop) -> None:
    """Source: printed by AWS's sample notebooks, which catch this exception."""
    client = shop.live.personalize
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException):
        client.create_event_tracker(name="another", datasetGroupArn=shop["group"])


def test_a_version_without_a_name_is_given_one(shop: Shop) -> None:
    """Source: printed by the notebooks on updating datasets: the solution's name and the version's own part."""
    version = shop.live.personalize.describe_solution_version(solutionVersionArn=shop["version"])
    assert version["solutionVersion"]["name"] == shop["version"].split(":solution/")[1]


def test_metadata_have_names_in_lower_case(shop: Shop) -> None:
    """Source: printed by the notebook on item metadata."""
    config = {"enableMetadataWithRecommendations": True}
    campaign = shop.live.make(
        "Campaign", name="described", solutionVersionArn=shop["version"], campaignConfig=config
    )
    runtime = shop.live.client("personalize-runtime")

    def metadata_of(*columns: str) -> list[dict[str, Any]]:
        request = {"ITEMS": list(columns)}
        answer = runtime.get_recommendations(
            campaignArn=campaign, userId="u1", numResults=3, metadataColumns=request
        )
        return [item["metadata"] for item in answer["itemList"]]

    for metadata in metadata_of("CATEGORY", "PRICE"):
        assert set(metadata) == {"category", "price"}
    with pytest.raises(ClientError, match=r"InvalidInputException.*COLOUR"):
        metadata_of("CATEGORY", "COLOUR")
    shop.live.personalize.delete_campaign(campaignArn=campaign)
    shop.live.gone("Campaign", campaign)


def test_a_recommender_shows_no_scores(shop: Shop) -> None:
    """Source: the developer guide, "How recommendation scoring works (custom resources)"."""
    recommender = own_recommender(shop, "scoreless")
    runtime = shop.live.client("personalize-runtime")
    listed = runtime.get_recommendations(recommenderArn=recommender, userId="u1")["itemList"]
    assert listed
    assert all(set(item) == {"itemId"} for item in listed)
    shop.live.personalize.delete_recommender(recommenderArn=recommender)
    shop.live.gone("Recommender", recommender)


ODD_LINES = (
    '{"userId": "u1", "filterValues": {"COLOUR": 1990}}',
    '{"userId": "u1", "filterValues": ["red"]}',
    '{"userId": 7}',
    '{"userId": "u1", "context": {"DEVICE": ["phone"]}}',
    "[]",
    "{",
)


def test_odd_lines_of_a_batch_cost_themselves(shop: Shop) -> None:
    """Source: the developer guide, "Filtering batch recommendations": values are strings of quoted strings."""
    good = json.dumps({"userId": "u1", "filterValues": {"COLOUR": '"red"'}})
    lines = [line for odd in ODD_LINES for line in (good, odd)]
    answers = lines_of(
        shop.live,
        "BatchInferenceJob",
        "odd",
        shop,
        *lines,
        solutionVersionArn=shop["version"],
        filterArn=shop["filter"],
        numResults=2,
    )
    assert len(answers) == len(lines)
    for answer in answers[::2]:
        assert answer["error"] is None
        assert len(answer["output"]["recommendedItems"]) == 2
    for answer in answers[1::2]:
        assert answer["output"] is None
        assert answer["error"]
    errors = shop.live.s3.get_object(Bucket=BUCKET, Key="answers/odd.json.errors")["Body"].read()
    assert len(errors.splitlines()) == len(ODD_LINES)


OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@pytest.mark.parametrize("sign", OPERATORS)
def test_filters_compare_by_every_operator_of_the_guide(shop: Shop, sign: str) -> None:
    """Source: the developer guide, "Filter expression structure and elements"."""
    expression = f"INCLUDE ItemID WHERE Items.PRICE {sign} $PRICE"
    name = f"by-{list(OPERATORS).index(sign)}"
    arn = shop.live.make("Filter", name=name, datasetGroupArn=shop["group"], filterExpression=expression)
    answer = shop.live.client("personalize-runtime").get_recommendations(
        campaignArn=shop["campaign"], userId="u1", filterArn=arn, filterValues={"PRICE": "4.5"}
    )
    result = sorted(int(item["itemId"][1:]) for item in answer["itemList"])
    assert result == [n for n in range(20) if OPERATORS[sign](n + 0.5, 4.5)]
    shop.live.personalize.delete_filter(filterArn=arn)
    shop.live.gone("Filter", arn)


def test_a_filter_with_current_item_is_for_related_items(shop: Shop) -> None:
    """Source: the developer guide, "Filter expression structure and elements", CurrentItem."""
    expression = "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE"
    arn = shop.live.make("Filter", name="cheaper", datasetGroupArn=shop["group"], filterExpression=expression)
    recommend = shop.live.client("personalize-runtime").get_recommendations
    refused = code(lambda: recommend(campaignArn=shop["campaign"], userId="u1", itemId="i4", filterArn=arn))
    assert refused == "InvalidInputException"
    shop.live.personalize.delete_filter(filterArn=arn)
    shop.live.gone("Filter", arn)


@pytest.mark.long
def test_segments_are_lists_of_users(shop: Shop) -> None:
    """Source: printed by the notebook on user segmentation."""
    live = shop.live
    solution = live.make(
        "Solution",
        name="affinity",
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + "aws-item-attribute-affinity",
        performAutoTraining=False,
        solutionConfig={"algorithmHyperParameters": {"hidden_dimension": "32"}},
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    metrics = live.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert set(metrics) == {"coverage", "hits_at_1_percent", "recall_at_1_percent"}
    request = '{"itemAttributes": "ITEMS.CATEGORY = \\"red\\""}'
    (answer,) = lines_of(
        live, "BatchSegmentJob", "red", shop, request, solutionVersionArn=version, numResults=5
    )
    assert answer["input"] == {"itemAttributes": 'ITEMS.CATEGORY = "red"'}
    assert list(answer["output"]) == ["usersList"]
    assert len(answer["output"]["usersList"]) == 5
    assert answer["error"] is None
