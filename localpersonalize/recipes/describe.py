"""Recipes, algorithms and feature transformations in the shapes of the Describe and List operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localpersonalize.recipes.base.hyperparameters import HyperparameterSpec
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.registry import RECIPES, all_recipes, recipe

RECIPE_CREATION_TIME = datetime(2019, 6, 10, tzinfo=UTC)
"""The service's recipes have existed since its first release."""

_DATES = {"creationDateTime": RECIPE_CREATION_TIME, "lastUpdatedDateTime": RECIPE_CREATION_TIME}


def algorithm_arn(item: Recipe) -> str:
    return f"arn:aws:personalize:::algorithm/{item.algorithm}"


def feature_transformation_arn(item: Recipe) -> str:
    return f"arn:aws:personalize:::feature-transformation/{item.feature_transformation}"


def list_recipes() -> list[dict[str, Any]]:
    """`RecipeSummary` of every recipe, by name."""
    return [
        {"name": name, "recipeArn": recipe(name).arn, "status": "ACTIVE", **_DATES}
        for name in sorted(RECIPES)
    ]


def describe_recipe(arn: str) -> dict[str, Any]:
    """`Recipe` shape.

    :raises KeyError: if there is none.
    """
    item = recipe(arn)
    return {
        "name": item.name,
        "recipeArn": item.arn,
        "algorithmArn": algorithm_arn(item),
        "featureTransformationArn": feature_transformation_arn(item),
        "status": "ACTIVE",
        "description": item.description,
        "recipeType": item.recipe_type,
        **_DATES,
    }


def describe_algorithm(arn: str) -> dict[str, Any]:
    """`Algorithm` shape, of the first recipe that uses it.

    :raises KeyError: if no recipe does.
    """
    item = next((item for item in all_recipes() if algorithm_arn(item) == arn), None)
    if item is None:
        raise KeyError(arn)
    specs = [spec for spec in item.hyperparameters.specs() if spec.group != "feature_transformation"]
    return {
        "name": item.algorithm,
        "algorithmArn": arn,
        "algorithmImage": {"name": item.algorithm, "dockerURI": f"localpersonalize/{item.algorithm}"},
        "defaultHyperParameters": {spec.name: spec.default for spec in specs},
        "defaultHyperParameterRanges": {
            "integerHyperParameterRanges": [_numeric_range(spec) for spec in specs if spec.kind == "integer"],
            "continuousHyperParameterRanges": [
                _numeric_range(spec) for spec in specs if spec.kind == "continuous"
            ],
            "categoricalHyperParameterRanges": [
                {"name": spec.name, "values": list(spec.values), "isTunable": spec.tunable}
                for spec in specs
                if spec.kind == "categorical"
            ],
        },
        "defaultResourceConfig": {"maxNumberOfTrainingJobs": "20", "maxParallelTrainingJobs": "1"},
        "trainingInputMode": "File",
        **_DATES,
    }


def describe_feature_transformation(arn: str) -> dict[str, Any]:
    """`FeatureTransformation` shape.

    :raises KeyError: if no recipe uses it.
    """
    using = [item for item in all_recipes() if feature_transformation_arn(item) == arn]
    if not using:
        raise KeyError(arn)
    specs = [spec for item in using for spec in item.hyperparameters.specs()]
    return {
        "name": using[0].feature_transformation,
        "featureTransformationArn": arn,
        "defaultParameters": {
            spec.name: spec.default for spec in specs if spec.group == "feature_transformation"
        },
        "status": "ACTIVE",
        **_DATES,
    }


def _numeric_range(spec: HyperparameterSpec) -> dict[str, Any]:
    """`DefaultIntegerHyperParameterRange` or the continuous one; a bound that there is not is left out."""
    description: dict[str, Any] = {"name": spec.name, "isTunable": spec.tunable}
    number = int if spec.kind == "integer" else float
    if spec.low is not None:
        description["minValue"] = number(spec.low)
    if spec.high is not None:
        description["maxValue"] = number(spec.high)
    return description
