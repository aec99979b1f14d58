"""Every recipe by its name and ARN. Network recipes are imported when first asked for: JAX takes a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from localpersonalize.recipes import serialization
from localpersonalize.recipes.base import Model, Recipe

_WHERE = {
    "aws-popularity-count": "popularity.popularity_count:PopularityCount",
    "aws-sims": "knn.sims:Sims",
    "aws-hrnn": "hrnn.hrnn:Hrnn",
    "aws-hrnn-metadata": "hrnn.hrnn:HrnnMetadata",
    "aws-hrnn-coldstart": "hrnn.coldstart:HrnnColdstart",
    "aws-user-personalization": "hrnn.user_personalization:UserPersonalization",
    "aws-user-personalization-v2": "hrnn.user_personalization:UserPersonalizationV2",
    "aws-personalized-ranking": "hrnn.user_personalization:PersonalizedRanking",
    "aws-personalized-ranking-v2": "hrnn.user_personalization:PersonalizedRankingV2",
    "aws-similar-items": "knn.similar_items:SimilarItems",
    "aws-trending-now": "popularity.trending_now:TrendingNow",
    "aws-next-best-action": "actions.next_best_action:NextBestAction",
    "aws-item-affinity": "hrnn.user_segments:ItemAffinity",
    "aws-item-attribute-affinity": "hrnn.user_segments:ItemAttributeAffinity",
}

_loaded: dict[str, Recipe] = {}


class UnknownRecipeError(KeyError):
    """No recipe of that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


def recipe(name_or_arn: str) -> Recipe:
    """The recipe of a name (`aws-sims`) or ARN (`arn:aws:personalize:::recipe/aws-sims`).

    :raises UnknownRecipeError: if there is none; a `KeyError` whose text says which there are.
    """
    name = name_or_arn.rsplit("/", 1)[-1]
    if name not in _WHERE:
        raise UnknownRecipeError(f"There is no recipe {name_or_arn}. Recipes: {', '.join(sorted(_WHERE))}.")
    if name not in _loaded:
        module, cls = _WHERE[name].split(":")
        _loaded[name] = getattr(import_module(f"localpersonalize.recipes.{module}"), cls)()
    return _loaded[name]


class _Recipes(Mapping[str, Recipe]):
    def __getitem__(self, name: str) -> Recipe:
        return recipe(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


RECIPES: Mapping[str, Recipe] = _Recipes()


def load_model(directory: Path) -> Model:
    """The model that a training wrote into `directory`.

    :raises ValueError: if it holds none, or one of another format.
    """
    return recipe(serialization.read_header(directory)["recipe"]).model.load(directory)
