"""Batch inference and batch segment jobs: one worker each, answers in S3."""

from __future__ import annotations

from typing import Final

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.recipes.registry import recipe
from localpersonalize.resource_types import (
    BATCH_INFERENCE_JOB,
    BATCH_SEGMENT_JOB,
    FILTER,
    BatchJob,
    ResourceKind,
    SolutionVersion,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.configurations import check_exploration
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.solution_versions import require_trained

SEGMENTATION: Final = "USER_SEGMENTATION"
MAX_RESULTS = {BATCH_INFERENCE_JOB.name: 500, BATCH_SEGMENT_JOB.name: 5_000_000}
DEFAULT_RESULTS = 25


def create_inference(context: Context, params: Params) -> Answer:
    version = require_trained(context, params["solutionVersionArn"])
    if _recipe_type(version) == SEGMENTATION:
        raise InvalidInputError("The solution version makes user segments. Use CreateBatchSegmentJob.")
    trained = recipe(version["recipeArn"])
    check_exploration(params.get("batchInferenceJobConfig"), trained.explores, trained.name)
    params = {"batchInferenceJobMode": "BATCH_INFERENCE", **params}
    if params.get("themeGenerationConfig") and params["batchInferenceJobMode"] != "THEME_GENERATION":
        raise InvalidInputError("themeGenerationConfig is for batchInferenceJobMode THEME_GENERATION only.")
    return _create(context, BATCH_INFERENCE_JOB, "batch-inference-job", params, version)


def create_segment(context: Context, params: Params) -> Answer:
    version = require_trained(context, params["solutionVersionArn"])
    if _recipe_type(version) != SEGMENTATION:
        raise InvalidInputError(
            f"The solution version's recipe is of type {_recipe_type(version)}; a batch segment job needs"
            f" {SEGMENTATION}."
        )
    return _create(context, BATCH_SEGMENT_JOB, "batch-segment-job", params, version)


def _create(
    context: Context, kind: ResourceKind[BatchJob], task: str, params: Params, version: SolutionVersion
) -> Answer:
    """
    :param task: of the worker process.
    """
    _check(context, kind, params, version)
    arn = context.account.arn(kind.name, params["jobName"])
    with context.database.transaction():
        lifecycle.limit_pending(context, kind, arn)
        lifecycle.create(
            context,
            kind,
            arn,
            {"numResults": DEFAULT_RESULTS, **params},
            parent=params["solutionVersionArn"],
            job="batch",
            task=task,
        )
    return {kind.arn_member: arn}


def _check(context: Context, kind: ResourceKind[BatchJob], params: Params, version: SolutionVersion) -> None:
    """
    :raises InvalidInputError: if the job can't succeed, whatever its input holds.
    """
    count, most = params.get("numResults"), MAX_RESULTS[kind.name]
    if count is not None and not 1 <= count <= most:
        raise InvalidInputError(f"numResults is {count}; it must be between 1 and {most}.")
    source = params["jobInput"]["s3DataSource"]["path"]
    target = params["jobOutput"]["s3DataDestination"]["path"]
    for what, path in (("input", source), ("output", target)):
        if not path.startswith("s3://"):
            raise InvalidInputError(f"Invalid S3 {what} path: {path}")
    if "filterArn" in params:
        resource = lifecycle.require_active(
            context.resources.require(FILTER, params["filterArn"]), "The filter"
        )
        if resource["datasetGroupArn"] != version["datasetGroupArn"]:
            raise InvalidInputError("The filter belongs to another dataset group than the solution version.")


def _recipe_type(version: SolutionVersion) -> str:
    return recipe(version["recipeArn"]).recipe_type
