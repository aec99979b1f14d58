"""Configurations of solutions, campaigns, recommenders and batch jobs: refused when they are sent, not when a job reads
them, if they name what is not there or what the recipe does not do.

Sources: botocore's models of `SolutionConfig`, `CampaignConfig`, `RecommenderConfig` and `BatchInferenceJobConfig`, and
the developer guide, "Configuring columns used when training" and "Optimizing a solution for an additional objective".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localpersonalize.datasets.schemas import REQUIRED_FIELDS, Field, columns_of
from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.resource_types import DATASET, SCHEMA
from localpersonalize.resources.context import Context

EXPLORATION = ("explorationWeight", "explorationItemAgeCutOff")
TRAINED_ON = ("INTERACTIONS", "ITEMS", "USERS")
NUMBERS = ("int", "long", "float", "double")
NO_AUTOML = "AutoML is no longer offered: leave out performAutoML and autoMLConfig, and name a recipe."
INCREMENTAL_RECIPE = "aws-semantic-similarity"
"""The one recipe whose solutions can have `performIncrementalUpdate`, as the model says."""


def check_solution(context: Context, group_arn: str, recipe: Recipe, params: Mapping[str, Any]) -> None:
    """What a solution asks for beside its hyperparameters.

    :raises InvalidInputError: naming the member and what it may be.
    """
    config = params.get("solutionConfig") or {}
    if params.get("performAutoML") or config.get("autoMLConfig"):
        raise InvalidInputError(NO_AUTOML)
    check_incremental_update(recipe, params)
    _check_item_fields(context, group_arn, recipe)
    check_training_columns(context, group_arn, config.get("trainingDataConfig"))
    _check_objective(context, group_arn, recipe, config.get("optimizationObjective"))


def check_incremental_update(recipe: Recipe, params: Mapping[str, Any]) -> None:
    """
    :raises InvalidInputError: if the recipe has no incremental updates.
    """
    if params.get("performIncrementalUpdate") and recipe.name != INCREMENTAL_RECIPE:
        raise InvalidInputError(
            f"performIncrementalUpdate is supported for {INCREMENTAL_RECIPE} only, not for {recipe.name}."
        )


def _check_item_fields(context: Context, group_arn: str, recipe: Recipe) -> None:
    """Source: the developer guide, "Semantic-Similarity recipe", required datasets.

    :raises InvalidInputError: if the recipe reads fields of Items that the dataset group does not have.
    """
    if not recipe.required_item_fields:
        return
    fields = _schemas(context, group_arn).get("ITEMS", {}).values()
    marked = {"itemName": any(f.item_name for f in fields), "textual": any(f.textual for f in fields)}
    missing = [mark for mark in recipe.required_item_fields if not marked[mark]]
    if missing:
        raise InvalidInputError(
            f'{recipe.name} needs an Items dataset whose schema has a string field with "itemName": true and one with'
            f' "textual": true; there is none with {" or ".join(missing)}.'
        )


def check_exploration(config: Mapping[str, Any] | None, explores: bool, what: str) -> None:
    """
    :param explores: whether what is configured recommends items with little data.
    :param what: how the error calls it.
    :raises InvalidInputError: if there is a setting of exploration where there is none, or one that is not known.
    """
    settings = (config or {}).get("itemExplorationConfig") or {}
    if settings and not explores:
        raise InvalidInputError(f"itemExplorationConfig can't be given: {what} does not explore items.")
    unknown = sorted(set(settings) - set(EXPLORATION))
    if unknown:
        raise InvalidInputError(
            f"itemExplorationConfig has no {', '.join(unknown)}; it has {', '.join(EXPLORATION)}."
        )


def check_training_columns(context: Context, group_arn: str, config: Mapping[str, Any] | None) -> None:
    """
    :param config: `trainingDataConfig`.
    :raises InvalidInputError: if it names a dataset or a column that is not there, or leaves out a required one.
    """
    schemas = _schemas(context, group_arn)
    for member in ("excludedDatasetColumns", "includedDatasetColumns"):
        for name, columns in ((config or {}).get(member) or {}).items():
            _check_columns(f"trainingDataConfig.{member}.{name}", name.upper(), columns, schemas)
            required = {column.upper() for column in columns} & set(REQUIRED_FIELDS.get(name.upper(), ()))
            if required and member == "excludedDatasetColumns":
                raise InvalidInputError(
                    f"trainingDataConfig.{member}.{name} can't exclude the required {', '.join(sorted(required))}."
                )


def _check_columns(
    where: str, dataset_type: str, columns: Sequence[str], schemas: Mapping[str, Mapping[str, Field]]
) -> None:
    if dataset_type not in TRAINED_ON:
        raise InvalidInputError(f"{where} must be of one of the datasets {', '.join(TRAINED_ON)}.")
    fields = schemas.get(dataset_type)
    if fields is None:
        raise InvalidInputError(f"{where}: the dataset group has no {dataset_type} dataset.")
    unknown = [column for column in columns if column.upper() not in fields]
    if unknown:
        raise InvalidInputError(
            f"{where} names {', '.join(unknown)}, which the dataset does not have; it has {', '.join(fields)}."
        )


def _check_objective(
    context: Context, group_arn: str, recipe: Recipe, objective: Mapping[str, Any] | None
) -> None:
    if not objective:
        return
    if not recipe.takes_objective:
        raise InvalidInputError(f"{recipe.name} takes no optimizationObjective.")
    attribute = objective.get("itemAttribute")
    if not attribute:
        return
    _check_columns("optimizationObjective.itemAttribute", "ITEMS", [attribute], _schemas(context, group_arn))
    field = _schemas(context, group_arn)["ITEMS"][attribute.upper()]
    if field.kind not in NUMBERS:
        raise InvalidInputError(
            f"optimizationObjective.itemAttribute {attribute} must be a number, not of type {field.kind}."
        )


def _schemas(context: Context, group_arn: str) -> dict[str, dict[str, Field]]:
    """Fields by dataset type and column."""
    return {
        dataset["datasetType"]: columns_of(context.resources.require(SCHEMA, dataset["schemaArn"]))
        for dataset in context.resources.all(DATASET, group_arn)
    }
