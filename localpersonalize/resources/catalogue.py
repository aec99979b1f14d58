"""What the service brings along: recipes, algorithms, feature transformations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.recipes import describe
from localpersonalize.resources.lifecycle import page
from localpersonalize.resources.registry import operation
from localpersonalize.runtime.use_cases import USE_CASES, domain_of

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("ListRecipes")
def list_recipes(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    domain = params.get("domain")
    found = domain_recipes(domain) if domain else describe.list_recipes()
    shown, token = page(found, params)
    return {"recipes": shown, "nextToken": token}


def domain_recipes(domain: str | None = None) -> list[dict[str, Any]]:
    """The use cases of a domain, or of all, as `RecipeSummary`; recommenders are made of them."""
    found = [
        {
            "name": name, "recipeArn": f"arn:aws:personalize:::recipe/{name}", "status": "ACTIVE",
            "domain": domain_of(name), "creationDateTime": describe.CREATED, "lastUpdatedDateTime": describe.CREATED,
        }
        for name in sorted(USE_CASES)
    ]  # fmt: skip
    return [entry for entry in found if domain in (None, entry["domain"])]


def _describe_recipe(arn: str) -> dict[str, Any]:
    case = USE_CASES.get(arn.rsplit("/", 1)[-1])
    if case is None:
        return describe.describe_recipe(arn)
    (summary,) = (entry for entry in domain_recipes() if entry["recipeArn"] == arn)
    return {**describe.describe_recipe(case.recipe), **summary, "description": f"Use case {summary['name']}."}


def _register(kind: str, key: str, find: Callable[[str], dict[str, Any]]) -> None:
    @operation(f"Describe{kind}")
    def handler(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
        arn = params[f"{key}Arn"]
        try:
            return {key: find(arn)}
        except KeyError:
            raise NotFoundError(f"Could not find a resource with Amazon Resource Name {arn}.") from None


_register("Recipe", "recipe", _describe_recipe)
_register("Algorithm", "algorithm", describe.describe_algorithm)
_register("FeatureTransformation", "featureTransformation", describe.describe_feature_transformation)
