"""A batch job from its resource to its files in S3: what a worker process calls."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from localpersonalize.recipes.registry import load_model, recipe
from localpersonalize.resource_types import (
    FILTER,
    SOLUTION_VERSION,
    BatchInferenceJob,
    BatchJob,
    BatchSegmentJob,
)
from localpersonalize.runtime.batch.files import BatchJobError, BatchSummary, run_on_files
from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.deployment import Deployment, GroupData
from localpersonalize.runtime.engine import add_unseen_items, deployment_of
from localpersonalize.runtime.filters import Filter, Target, parse
from localpersonalize.runtime.group_data import GroupDataCache
from localpersonalize.runtime.interfaces import Datasets, Resources
from localpersonalize.runtime.requests import RELATED_ITEMS

Progress = Callable[[float, str], None]


def _ignore(fraction: float, message: str) -> None:
    """Progress that nobody watches."""


def run_batch_inference_job(
    job: BatchInferenceJob, resources: Resources, datasets: Datasets, s3: Any, progress: Progress = _ignore
) -> BatchSummary:
    """Do a batch inference job.

    :param s3: a boto3 S3 client.
    :raises BatchJobError: with the job's `failureReason`.
    """
    if job.get("batchInferenceJobMode") == "THEME_GENERATION":
        raise BatchJobError("THEME_GENERATION is not supported here. Use BATCH_INFERENCE.")
    deployment, data = _load(job, resources, datasets, job.get("batchInferenceJobConfig") or {})
    if deployment.model.needs == "segment":
        raise BatchJobError(f"{deployment.recipe} makes user segments. Create a batch segment job.")
    if not recipe(deployment.recipe).answers_batches:
        raise BatchJobError(f"{deployment.recipe} can't be used for batch inference.")
    filter_ = _filter(job, resources, Target.ITEM)
    if filter_ and filter_.needs_current_item and deployment.recipe_type != RELATED_ITEMS:
        raise BatchJobError(
            f"The filter compares with CurrentItem, which jobs of {deployment.recipe} don't have."
        )
    try:
        count, threads = job.get("numResults") or 25, os.cpu_count() or 1
        job_runner = BatchInference(deployment, data, filter_, count, int(time.time()), threads)
    except ValueError as problem:
        raise BatchJobError(str(problem)) from None
    return run_on_files(s3, *_paths(job), job_runner.run, progress)


def run_batch_segment_job(
    job: BatchSegmentJob, resources: Resources, datasets: Datasets, s3: Any, progress: Progress = _ignore
) -> BatchSummary:
    """Do a batch segment job; parameters as above."""
    deployment, data = _load(job, resources, datasets, {})
    if deployment.recipe_type != "USER_SEGMENTATION":
        raise BatchJobError(
            f"{deployment.recipe} is of type {deployment.recipe_type}. A batch segment job needs a "
            "solution version of type USER_SEGMENTATION."
        )
    by_attribute = deployment.recipe == "aws-item-attribute-affinity"
    filter_ = _filter(job, resources, Target.USER)
    if by_attribute and filter_ and any(c.field.source.is_history for c in filter_.conditions()):
        raise BatchJobError("A filter on interactions can't be used with aws-item-attribute-affinity.")
    try:
        job_runner = BatchSegments(
            deployment, data, by_attribute, filter_, job.get("numResults") or 25, int(time.time())
        )
    except ValueError as problem:
        raise BatchJobError(str(problem)) from None
    return run_on_files(s3, *_paths(job), job_runner.run, progress)


def _load(
    job: BatchJob, resources: Resources, datasets: Datasets, config: Mapping[str, Any]
) -> tuple[Deployment, GroupData]:
    """The solution version ready to answer, and the data of its group."""
    arn = job["solutionVersionArn"]
    version = resources.find(SOLUTION_VERSION, arn)
    if version is None:
        raise BatchJobError(f"Could not find solution version {arn}.")
    deployment = deployment_of(arn, arn, version, load_model(resources.model_directory(arn)), config)
    data = GroupDataCache(datasets).get(deployment.group_arn)
    add_unseen_items(deployment, data)
    gc.freeze()  # what is loaded stays until the process ends; the collector need not walk it again and again
    return deployment, data


def _filter(job: BatchJob, resources: Resources, target: Target) -> Filter | None:
    arn = job.get("filterArn")
    if not arn:
        return None
    body = resources.find(FILTER, arn)
    if body is None:
        raise BatchJobError(f"Could not find filter {arn}.")
    parsed = parse(body["filterExpression"])
    if parsed.target is not target:
        raise BatchJobError(f"The filter filters {parsed.target}, but this job returns {target}s.")
    return parsed


def _paths(job: BatchJob) -> tuple[str, str]:
    source = job["jobInput"]["s3DataSource"]["path"]
    target = job["jobOutput"]["s3DataDestination"]["path"]
    if source.rstrip("/") == target.rstrip("/"):
        raise BatchJobError("Invalid S3 output path: it must be another than the input path.")
    return source, target
