"""What the service brings along: recipes, algorithms, feature transformations."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.protocol.paging import page
from localpersonalize.recipes import describe
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.runtime.use_cases import USE_CASES, domain_of


def list_recipes(context: Context, params: Params) -> Answer:
    domain = params.get("domain")
    custom = [] if domain else describe.list_recipes()
    summaries = sorted([*custom, *domain_recipes(domain)], key=itemgetter("name"))
    recipes, token = page(summaries, params)
    return {"recipes": recipes, "nextToken": token}


def describe_recipe(context: Context, params: Params) -> Answer:
    return {"recipe": _find_or_raise(_recipe, params["recipeArn"])}


def describe_algorithm(context: Context, params: Params) -> Answer:
    return {"algorithm": _find_or_raise(describe.describe_algorithm, params["algorithmArn"])}


def describe_feature_transformation(context: Context, params: Params) -> Answer:
    arn = params["featureTransformationArn"]
    return {"featureTransformation": _find_or_raise(describe.describe_feature_transformation, arn)}


def domain_recipes(domain: str | None = None) -> list[dict[str, Any]]:
    """The use cases of a domain, or of all, as `RecipeSummary`; recommenders are made of them."""
    entries = [
        {
            "name": name,
            "recipeArn": f"arn:aws:personalize:::recipe/{name}",
            "status": "ACTIVE",
            "domain": domain_of(name),
            "creationDateTime": describe.RECIPE_CREATION_TIME,
            "lastUpdatedDateTime": describe.RECIPE_CREATION_TIME,
        }
        for name in sorted(USE_CASES)
    ]
    return [entry for entry in entries if domain in (None, entry["domain"])]


def _recipe(arn: str) -> dict[str, Any]:
    case = USE_CASES.get(arn.rsplit("/", 1)[-1])
    if case is None:
        return describe.describe_recipe(arn)
    (summary,) = (entry for entry in domain_recipes() if entry["recipeArn"] == arn)
    return {**describe.describe_recipe(case.recipe), **summary, "description": f"Use case {summary['name']}."}


def _find_or_raise(find: Callable[[str], dict[str, Any]], arn: str) -> dict[str, Any]:
    """
    :raises NotFoundError: if there is nothing with this ARN.
    """
    try:
        return find(arn)
    except KeyError:
        raise NotFoundError(f"Could not find a resource with Amazon Resource Name {arn}.") from None
