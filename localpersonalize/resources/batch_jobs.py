"""Batch inference and batch segment jobs: one worker each, answers in S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.aws.role_access import AccessRefusedError
from localpersonalize.jobs.queue import WorkerFailedError, job
from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.recipes.registry import recipe
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import may_read, may_write
from localpersonalize.resources.registry import operation
from localpersonalize.resources.solution_versions import require_trained

if TYPE_CHECKING:
    from localpersonalize.service import Service

SEGMENTATION = "USER_SEGMENTATION"
MOST_RESULTS = {"BatchInferenceJob": 500, "BatchSegmentJob": 5_000_000}


@operation("CreateBatchInferenceJob")
def create_inference(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    version = require_trained(service, params["solutionVersionArn"])
    if _type(version) == SEGMENTATION:
        raise InvalidInputError("The solution version makes user segments. Use CreateBatchSegmentJob.")
    body = {"batchInferenceJobMode": "BATCH_INFERENCE", **params}
    return _create(service, "BatchInferenceJob", "batch-inference-job", body, params, version)


@operation("CreateBatchSegmentJob")
def create_segment(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    version = require_trained(service, params["solutionVersionArn"])
    if _type(version) != SEGMENTATION:
        raise InvalidInputError(
            f"The solution version's recipe is of type {_type(version)}; a batch segment job needs {SEGMENTATION}."
        )
    return _create(service, "BatchSegmentJob", "batch-segment-job", params, params, version)


def _create(
    service: Service,
    kind: str,
    stem: str,
    body: Mapping[str, Any],
    params: dict[str, Any],
    version: Mapping[str, Any],
) -> Mapping[str, Any]:
    _check(service, kind, params, version)
    arn, key = service.arn(stem, params["jobName"]), lifecycle.BY_NAME[kind].arn_key
    full = {"numResults": 25, **body, key: arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        if service.store.get(arn) is None:
            lifecycle.limit_pending(service, kind)
        lifecycle.new(service, kind, arn, full, params, parent=params["solutionVersionArn"])
        service.jobs.submit("batch", arn, task=stem)
    return {key: arn}


def _check(service: Service, kind: str, params: Mapping[str, Any], version: Mapping[str, Any]) -> None:
    """
    :raises InvalidInputError: if the job can't succeed, whatever its input holds.
    """
    count = params.get("numResults")
    if count is not None and not 1 <= count <= MOST_RESULTS[kind]:
        raise InvalidInputError(f"numResults is {count}; it must be between 1 and {MOST_RESULTS[kind]}.")
    source = params["jobInput"]["s3DataSource"]["path"]
    target = params["jobOutput"]["s3DataDestination"]["path"]
    for what, path in (("input", source), ("output", target)):
        if not path.startswith("s3://"):
            raise InvalidInputError(f"Invalid S3 {what} path: {path}")
    if "filterArn" in params:
        chosen = lifecycle.require_active(service.require(params["filterArn"], "Filter"), "The filter")
        if chosen["datasetGroupArn"] != version["datasetGroupArn"]:
            raise InvalidInputError("The filter belongs to another dataset group than the solution version.")


@job("batch", minutes=20, heavy=True)
def batch_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    found = lifecycle.begin(service, arn)
    if found is None:
        return
    try:
        may_read(service, arn, found["roleArn"], found["jobInput"]["s3DataSource"]["path"])
        may_write(service, arn, found["roleArn"], found["jobOutput"]["s3DataDestination"]["path"])
        done = service.jobs.work(arn, details["task"])
    except (WorkerFailedError, AccessRefusedError) as error:
        service.store.change(arn, status=lifecycle.FAILED, failureReason=str(error))
        return
    details["_wait"]()
    service.store.change(arn, status=lifecycle.ACTIVE, _done=done)


def _type(version: Mapping[str, Any]) -> str:
    return recipe(version["recipeArn"]).recipe_type
