"""What the service brings along."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.recipes.registry import RECIPES
from localpersonalize.runtime.use_cases import USE_CASES
from tests.support.localpersonalize.in_process import InProcessService


def test_recipes_of_a_domain_are_its_use_cases(service: InProcessService) -> None:
    result = service.call("ListRecipes", domain="VIDEO_ON_DEMAND")["recipes"]
    assert result
    assert all(recipe["name"].startswith("aws-vod-") for recipe in result)


def test_without_a_domain_all_recipes_are_listed_in_pages(service: InProcessService) -> None:
    """Source: botocore's model of ListRecipes, `domain`: "If you don't specify a domain, all recipes are returned"."""
    names: list[str] = []
    token = None
    while True:
        answer = service.call("ListRecipes", maxResults=5, **({"nextToken": token} if token else {}))
        assert len(answer["recipes"]) <= 5
        names += [recipe["name"] for recipe in answer["recipes"]]
        token = answer["nextToken"]
        if token is None:
            break
    assert names == sorted({*RECIPES, *USE_CASES})


def test_a_use_case_is_described_like_a_recipe(service: InProcessService) -> None:
    arn = "arn:aws:personalize:::recipe/aws-vod-most-popular"
    assert service.call("DescribeRecipe", recipeArn=arn)["recipe"]["domain"] == "VIDEO_ON_DEMAND"
    with pytest.raises(NotFoundError):
        service.call("DescribeRecipe", recipeArn="arn:aws:personalize:::recipe/none")
