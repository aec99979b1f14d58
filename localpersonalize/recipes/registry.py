"""Every recipe there is, by its name. To add one, write its class in a family's folder and list it in `RECIPES`.

A recipe's module is imported when the recipe is first asked for: SciPy takes half a second, which a start of the
service, and a worker that imports a CSV file, need not wait for. (JAX takes another second; the families import it
where they train.)
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

import pyarrow as pa

from localpersonalize.disk import folders
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.recipes.base import serialization
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.base.recipe import Recipe


class RecipeClass(NamedTuple):
    """Where a recipe's class is: the module below `localpersonalize.recipes`, and the name in it."""

    module: str
    name: str


RECIPES: Mapping[str, RecipeClass] = {
    "aws-popularity-count": RecipeClass("popularity.popularity_count", "PopularityCount"),
    "aws-sims": RecipeClass("knn.sims", "Sims"),
    "aws-hrnn": RecipeClass("hrnn.hrnn", "Hrnn"),
    "aws-hrnn-metadata": RecipeClass("hrnn.hrnn", "HrnnMetadata"),
    "aws-hrnn-coldstart": RecipeClass("hrnn.coldstart", "HrnnColdstart"),
    "aws-user-personalization": RecipeClass("hrnn.user_personalization", "UserPersonalization"),
    "aws-user-personalization-v2": RecipeClass("hrnn.user_personalization", "UserPersonalizationV2"),
    "aws-personalized-ranking": RecipeClass("hrnn.user_personalization", "PersonalizedRanking"),
    "aws-personalized-ranking-v2": RecipeClass("hrnn.user_personalization", "PersonalizedRankingV2"),
    "aws-similar-items": RecipeClass("knn.similar_items", "SimilarItems"),
    "aws-semantic-similarity": RecipeClass("text.semantic_similarity", "SemanticSimilarity"),
    "aws-trending-now": RecipeClass("popularity.trending_now", "TrendingNow"),
    "aws-next-best-action": RecipeClass("actions.next_best_action", "NextBestAction"),
    "aws-item-affinity": RecipeClass("hrnn.user_segments", "ItemAffinity"),
    "aws-item-attribute-affinity": RecipeClass("hrnn.user_segments", "ItemAttributeAffinity"),
}


class UnknownRecipeError(KeyError):
    """No recipe of that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


def recipe(name_or_arn: str) -> Recipe:
    """The recipe of a name (`aws-sims`) or ARN (`arn:aws:personalize:::recipe/aws-sims`).

    :raises UnknownRecipeError: if there is none; a `KeyError` whose text says which there are.
    """
    name = name_or_arn.rsplit("/", 1)[-1]
    if name not in RECIPES:
        raise UnknownRecipeError(f"There is no recipe {name_or_arn}. Recipes: {', '.join(sorted(RECIPES))}.")
    return _load_recipe(name)


def all_recipes() -> list[Recipe]:
    """Every recipe, in the order of `RECIPES`; imports them all."""
    return [_load_recipe(name) for name in RECIPES]


@cache
def _load_recipe(name: str) -> Recipe:
    location = RECIPES[name]
    module = import_module(f"localpersonalize.recipes.{location.module}")
    return cast(Recipe, getattr(module, location.name)())


def load_model(directory: Path) -> Model:
    """The model that a training wrote into `directory`.

    :raises FormatError: if it is of another format.
    :raises DamagedError: if it is missing, or is not what was written.
    """
    if not directory.is_dir():
        raise DamagedError(directory, f"{directory} holds no model: it is missing")
    folders.verify(directory)
    try:
        return recipe(serialization.read_header(directory)["recipe"]).model.load(directory)
    except serialization.FormatError:
        raise
    except (OSError, ValueError, KeyError, EOFError, TypeError, pa.ArrowException) as error:
        raise DamagedError(directory, f"The model in {directory} can't be read: {error}") from None
