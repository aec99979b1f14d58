"""What the service brings along: recipes, algorithms, feature transformations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import NotFound
from localpersonalize.recipes import describe
from localpersonalize.resources.kinds import page
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("ListRecipes")
def list_recipes(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    found = [entry for entry in describe.list_recipes() if entry.get("domain") == params.get("domain")]
    shown, token = page(found, params)
    return {"recipes": shown, "nextToken": token}


def _register(kind: str, key: str, find: Callable[[str], dict[str, Any]]) -> None:
    @operation(f"Describe{kind}")
    def handler(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
        arn = params[f"{key}Arn"]
        try:
            return {key: find(arn)}
        except KeyError:
            raise NotFound(f"Could not find a resource with Amazon Resource Name {arn}.") from None


_register("Recipe", "recipe", describe.describe_recipe)
_register("Algorithm", "algorithm", describe.describe_algorithm)
_register("FeatureTransformation", "featureTransformation", describe.describe_feature_transformation)
