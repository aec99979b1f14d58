"""Recipes, algorithms and feature transformations in the shapes of the Describe and List operations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from localpersonalize.recipes.base import Recipe
from localpersonalize.recipes.hyperparameters import HyperparameterSpec
from localpersonalize.recipes.registry import RECIPES, recipe

CREATED = datetime(2019, 6, 10, tzinfo=UTC)
"""The service's recipes have existed since its first release."""

_DATES = {"creationDateTime": CREATED, "lastUpdatedDateTime": CREATED}


def algorithm_arn(item: Recipe) -> str:
    return f"arn:aws:personalize:::algorithm/{item.algorithm}"


def feature_transformation_arn(item: Recipe) -> str:
    return f"arn:aws:personalize:::feature-transformation/{item.feature_transformation}"


def list_recipes() -> list[dict[str, Any]]:
    """`RecipeSummary` of every recipe, by name."""
    return [
        {"name": name, "recipeArn": RECIPES[name].arn, "status": "ACTIVE", **_DATES}
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
    item = next((item for item in RECIPES.values() if algorithm_arn(item) == arn), None)
    if item is None:
        raise KeyError(arn)
    shown = [entry for entry in item.hyperparameters.described() if entry.group != "feature_transformation"]
    return {
        "name": item.algorithm,
        "algorithmArn": arn,
        "algorithmImage": {"name": item.algorithm, "dockerURI": f"localpersonalize/{item.algorithm}"},
        "defaultHyperParameters": {entry.name: entry.default for entry in shown},
        "defaultHyperParameterRanges": {
            "integerHyperParameterRanges": [_numbers(entry) for entry in shown if entry.kind == "integer"],
            "continuousHyperParameterRanges": [
                _numbers(entry) for entry in shown if entry.kind == "continuous"
            ],
            "categoricalHyperParameterRanges": [
                {"name": entry.name, "values": list(entry.values), "isTunable": entry.tunable}
                for entry in shown
                if entry.kind == "categorical"
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
    users = [item for item in RECIPES.values() if feature_transformation_arn(item) == arn]
    if not users:
        raise KeyError(arn)
    entries = [entry for item in users for entry in item.hyperparameters.described()]
    return {
        "name": users[0].feature_transformation,
        "featureTransformationArn": arn,
        "defaultParameters": {
            entry.name: entry.default for entry in entries if entry.group == "feature_transformation"
        },
        "status": "ACTIVE",
        **_DATES,
    }


def _numbers(entry: HyperparameterSpec) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": entry.name, "isTunable": entry.tunable}
    number = int if entry.kind == "integer" else float
    if entry.low is not None:
        shown["minValue"] = number(entry.low)
    if entry.high is not None:
        shown["maxValue"] = number(entry.high)
    return shown
