"""The tasks of worker processes: each opens the data directory for itself, and imports only what it needs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from localpersonalize.aws.s3.folders import objects_folder
from localpersonalize.data_directory import open_data
from localpersonalize.database import Database
from localpersonalize.datasets.csv_files import ImportRefusedError
from localpersonalize.datasets.s3_objects import Objects
from localpersonalize.datasets.tables import Tables
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.recipes.base.data import TrainingData, TrainingError
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.resource_types import (
    DATA_DELETION_JOB,
    DATASET,
    DATASET_EXPORT_JOB,
    DATASET_IMPORT_JOB,
    METRIC_ATTRIBUTION,
    SCHEMA,
    Dataset,
    Resource,
    ResourceKind,
)

Progress = Callable[[str], None]
Task = Callable[[TaskRequest, Progress], dict[str, Any]]


class TaskRefusedError(Exception):
    """The task can't be done; the text is the reason to show."""


def import_dataset(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Import CSV files into a new version of a dataset."""
    from localpersonalize.datasets import imports

    database, tables = open_data(request.data_dir)
    job = _resource(database, DATASET_IMPORT_JOB, request.arn)
    dataset = _resource(database, DATASET, job["datasetArn"])
    schema = _resource(database, SCHEMA, dataset["schemaArn"])
    try:
        return imports.run(tables, job, dataset, schema, _objects(request))
    except ImportRefusedError as error:
        raise TaskRefusedError(str(error)) from None


def export(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Write a dataset to S3."""
    from localpersonalize.datasets import exports

    database, tables = open_data(request.data_dir)
    job = _resource(database, DATASET_EXPORT_JOB, request.arn)
    dataset = _resource(database, DATASET, job["datasetArn"])
    schema = _resource(database, SCHEMA, dataset["schemaArn"])
    return exports.run(tables, job, dataset, schema, request.clients.client("s3"))


def delete_users(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Write the datasets of a group again, without some users."""
    from localpersonalize.datasets import deletions

    database, tables = open_data(request.data_dir)
    job = _resource(database, DATA_DELETION_JOB, request.arn)
    datasets = _datasets(database, job["datasetGroupArn"])
    try:
        return deletions.run(tables, job, datasets, _objects(request))
    except ImportRefusedError as error:
        raise TaskRefusedError(str(error)) from None


def report_attribution(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Report what a metric attribution measures of an import: in a file, in CloudWatch, or both."""
    from localpersonalize.datasets.attribution import as_csv, measure
    from localpersonalize.jobs.attribution_values import put_values
    from localpersonalize.runtime.adapters import dataset_of, recommenders_of

    database, tables = open_data(request.data_dir)
    attribution = _resource(database, METRIC_ATTRIBUTION, request.arn)
    imported = _resource(database, DATASET_IMPORT_JOB, request.details["imported"])
    events = tables.version(imported["datasetArn"], imported["datasetImportJobArn"].split("/")[-1])
    if events is None:
        raise TaskRefusedError("A later import took the place of the data before it was measured.")
    group_arn = attribution["datasetGroupArn"]
    items, recommenders = dataset_of(database, group_arn, "ITEMS"), recommenders_of(database, group_arn)
    values = measure(attribution["metrics"], events, tables.whole(items) if items else None, recommenders)
    if request.details["location"]:
        bucket, _, key = request.details["location"].removeprefix("s3://").partition("/")
        request.clients.client("s3").put_object(Bucket=bucket, Key=key, Body=as_csv(values))
    if request.details["to_cloudwatch"]:
        put_values(request.clients.client("cloudwatch"), group_arn, values, time.time())
    return {"rows": len(values)}


def train(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Train a solution version and leave its model in the folder named by the request."""
    from localpersonalize.training import compiled_steps

    compiled_steps.keep_in(request.data_dir)
    from localpersonalize.training.train import train_solution_version

    database, tables = open_data(request.data_dir)
    version = (database.get(request.arn) or {}) | request.details.get("settings", {})
    previous = request.details.get("previous_model")
    try:
        result = train_solution_version(
            _training_data(database, tables, version),
            version.get("solutionConfig", {}),
            version["recipeArn"],
            Path(request.details["model_folder"]),
            event_type=version.get("eventType"),
            perform_hpo=version.get("performHPO", False),
            training_mode=version.get("trainingMode", "FULL"),
            previous_model_dir=Path(previous) if previous else None,
            options=TrainingOptions(progress=_with_percent(progress)),
        )
    except DamagedError:
        raise
    except (TrainingError, ValueError) as error:
        raise TaskRefusedError(str(error)) from None
    return asdict(result)


def batch_inference(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Answer a batch inference job's input."""
    from localpersonalize.runtime.batch.jobs import run_batch_inference_job

    return _batch(request, progress, run_batch_inference_job)


def batch_segment(request: TaskRequest, progress: Progress) -> dict[str, Any]:
    """Answer a batch segment job's input."""
    from localpersonalize.runtime.batch.jobs import run_batch_segment_job

    return _batch(request, progress, run_batch_segment_job)


TASKS: Mapping[str, Task] = {
    "import": import_dataset,
    "export": export,
    "delete users": delete_users,
    "attribution report": report_attribution,
    "train": train,
    "batch-inference-job": batch_inference,
    "batch-segment-job": batch_segment,
}


def report_damage(data_dir: Path, error: DamagedError) -> None:
    """Take down in the resource of a damaged file what is wrong with it."""
    from localpersonalize.resources.damage import DamageReports

    DamageReports(*open_data(data_dir), data_dir).of_file(error)


def _training_data(database: Database, tables: Tables, version: Mapping[str, Any]) -> TrainingData:
    """The datasets of a version's group.

    :raises TaskRefusedError: if there are no interactions, and the recipe needs some.
    """
    from localpersonalize.recipes.base.data import no_interactions
    from localpersonalize.recipes.registry import recipe

    trained = recipe(version["recipeArn"])
    datasets = _datasets(database, version["datasetGroupArn"])
    by_type = {dataset["datasetType"].lower(): dataset for dataset in datasets}
    data = {kind: tables.whole(dataset["datasetArn"]) for kind, dataset in by_type.items()}
    if trained.recipe_type == "PERSONALIZED_ACTIONS":
        # It trains on actions as others on items.
        for own, usual in (("actions", "items"), ("action_interactions", "interactions")):
            data[usual] = _actions_as_items(data.get(own))
            by_type.pop(usual, None)
            if own in by_type:
                by_type[usual] = by_type[own]
    interactions = data.get("interactions")
    if interactions is None and "interactions" in trained.required_datasets:
        raise TaskRefusedError("The dataset group has no interactions for this recipe. Import some first.")
    schemas = {
        kind: json.loads(_resource(database, SCHEMA, dataset["schemaArn"])["schema"])
        for kind, dataset in by_type.items()
    }
    interactions = no_interactions() if interactions is None else interactions
    return TrainingData(interactions, data.get("users"), data.get("items"), schemas)


def _actions_as_items(table: pa.Table | None) -> pa.Table | None:
    """A table of actions with the name that recipes know its id by."""
    if table is None:
        return None
    return table.rename_columns(["ITEM_ID" if name == "ACTION_ID" else name for name in table.column_names])


def _batch(request: TaskRequest, progress: Progress, run: Callable[..., Any]) -> dict[str, Any]:
    """
    :param run: does the job and sums up what it did.
    """
    from localpersonalize.runtime.adapters import RuntimeSources, model_folder
    from localpersonalize.runtime.batch.files import BatchJobError

    database, tables = open_data(request.data_dir)
    sources = RuntimeSources(database, tables, lambda arn: model_folder(request.data_dir, arn))
    job, s3 = database.get(request.arn) or {}, request.clients.client("s3")
    try:
        return asdict(run(job, sources, sources, s3, _with_percent(progress)))
    except BatchJobError as error:
        raise TaskRefusedError(str(error)) from None


def _with_percent(progress: Progress) -> Callable[[float, str], None]:
    def report(fraction: float, text: str) -> None:
        progress(f"{fraction:4.0%} {text}")

    return report


def _resource(database: Database, kind: ResourceKind[Resource], arn: str) -> Resource:
    """A resource; empty if it has been deleted meanwhile."""
    return cast("Resource", database.get(arn, kind.name) or {})


def _datasets(database: Database, group_arn: str) -> list[Dataset]:
    return cast("list[Dataset]", database.all(DATASET.name, group_arn))


def _objects(request: TaskRequest) -> Objects:
    folder = None if request.clients.s3_endpoint else objects_folder(request.data_dir)
    return Objects(request.clients.client("s3"), folder)
