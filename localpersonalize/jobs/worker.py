"""A worker process: reads one task as a line of JSON, writes progress and its result as lines of JSON, and ends.

Ends at once when the service that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from localpersonalize.aws.object_files import objects_folder
from localpersonalize.database import FILE, Database
from localpersonalize.datasets.tables import Tables

if TYPE_CHECKING:
    from localpersonalize.datasets.s3_objects import Objects

Say = Callable[[str], None]


class RefusedError(Exception):
    """The task can't be done; the text is the reason to show."""


def main() -> None:
    if "--ready" in sys.argv:
        _load_what_most_tasks_need()
    line = _first_line()
    if not line.strip():
        return  # the service ended before it had a task
    request = json.loads(line)
    threading.Thread(target=_die_with_the_service, daemon=True).start()
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def write(**message: Any) -> None:
        print(json.dumps(message), file=output, flush=True)

    try:
        write(result=TASKS[request["task"]](request, lambda text: write(progress=text)))
    except RefusedError as error:
        write(refused=str(error))


def _load_what_most_tasks_need() -> None:
    import boto3

    import localpersonalize.datasets.imports  # noqa: F401

    # The default session reads the model of S3 once; no request is made.
    boto3.client("s3", region_name="us-east-1", aws_access_key_id="-", aws_secret_access_key="-")


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1) or b"\n"
    return line


def _die_with_the_service() -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive this thread when the process ends
        pass
    os._exit(1)


def _open(request: dict[str, Any]) -> tuple[Database, Tables]:
    data_dir = Path(request["data_dir"])
    store = Database(data_dir / FILE)
    return store, Tables(store, data_dir / "datasets")


def _client(request: dict[str, Any], service: str) -> Any:
    import boto3
    from botocore.config import Config

    own_s3 = service == "s3" and request["s3_endpoint"]
    return boto3.client(
        service, region_name=request["region"],
        endpoint_url=request["s3_endpoint"] if own_s3 else request["aws_endpoint"],
        aws_access_key_id=request["access_key_id"], aws_secret_access_key=request["secret_access_key"],
        config=Config(proxies={}, retries={"max_attempts": 3}),
    )  # fmt: skip


def _objects(request: dict[str, Any]) -> Objects:
    from localpersonalize.datasets.s3_objects import Objects

    kept = None if request["s3_endpoint"] else objects_folder(Path(request["data_dir"]))
    return Objects(_client(request, "s3"), kept)


def import_dataset(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Import CSV files into a new version of a dataset."""
    from localpersonalize.datasets import imports
    from localpersonalize.datasets.csv_files import ImportRefusedError

    store, tables = _open(request)
    job = store.get(request["arn"]) or {}
    dataset = store.get(job["datasetArn"]) or {}
    schema = store.get(dataset["schemaArn"]) or {}
    try:
        return imports.run(tables, job, dataset, schema, _objects(request))
    except ImportRefusedError as error:
        raise RefusedError(str(error)) from None


def train(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Train a solution version and leave its model in the folder named by the request."""
    from dataclasses import asdict

    from localpersonalize.recipes.base.data import TrainingData, TrainingError
    from localpersonalize.recipes.base.options import TrainingOptions
    from localpersonalize.recipes.registry import recipe
    from localpersonalize.training.train import train_solution_version

    store, tables = _open(request)
    version = (store.get(request["arn"]) or {}) | request.get("settings", {})
    datasets = store.all("Dataset", version["datasetGroupArn"])
    by_type = {dataset["datasetType"].lower(): dataset for dataset in datasets}
    whole = {kind: tables.whole(dataset["datasetArn"]) for kind, dataset in by_type.items()}
    if (
        recipe(version["recipeArn"]).recipe_type == "PERSONALIZED_ACTIONS"
    ):  # trains on actions as others on items
        for kind, stand_in in (("actions", "items"), ("action_interactions", "interactions")):
            whole[stand_in] = _as_items(whole.get(kind))
            by_type[stand_in] = by_type.get(kind) or {}
    if whole.get("interactions") is None:
        raise RefusedError("The dataset group has no interactions for this recipe. Import some first.")
    schemas = {
        kind: json.loads(store.get(dataset["schemaArn"])["schema"])  # type: ignore[index]
        for kind, dataset in by_type.items()
        if dataset
    }
    data = TrainingData(whole["interactions"], whole.get("users"), whole.get("items"), schemas)
    options = TrainingOptions(progress=lambda fraction, text: say(f"{fraction:4.0%} {text}"))
    previous = request.get("previous_model")
    try:
        result = train_solution_version(
            data, version.get("solutionConfig", {}), version["recipeArn"], Path(request["model_folder"]),
            event_type=version.get("eventType"), perform_hpo=version.get("performHPO", False),
            training_mode=version.get("trainingMode", "FULL"),
            previous_model_dir=Path(previous) if previous else None, options=options,
        )  # fmt: skip
    except (TrainingError, ValueError) as error:
        raise RefusedError(str(error)) from None
    return asdict(result)


def _as_items(table: pa.Table | None) -> pa.Table | None:
    """A table of actions with the name that recipes know its id by."""
    if table is None:
        return None
    return table.rename_columns(["ITEM_ID" if name == "ACTION_ID" else name for name in table.column_names])


def batch(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Answer a batch inference or batch segment job's input."""
    from dataclasses import asdict

    from localpersonalize.runtime.adapters import RuntimeSources, model_folder
    from localpersonalize.runtime.batch import jobs
    from localpersonalize.runtime.batch.files import BatchJobError

    store, tables = _open(request)
    sources = RuntimeSources(store, tables, lambda arn: model_folder(Path(request["data_dir"]), arn))
    run = {
        "batch-inference-job": jobs.run_batch_inference_job,
        "batch-segment-job": jobs.run_batch_segment_job,
    }
    job = store.get(request["arn"]) or {}
    progress = lambda fraction, text: say(f"{fraction:4.0%} {text}")  # noqa: E731
    try:
        return asdict(run[request["task"]](job, sources, sources, _client(request, "s3"), progress))
    except BatchJobError as error:
        raise RefusedError(str(error)) from None


def export(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Write a dataset to S3."""
    from localpersonalize.datasets import exports

    store, tables = _open(request)
    job = store.get(request["arn"]) or {}
    dataset = store.get(job["datasetArn"]) or {}
    schema = store.get(dataset["schemaArn"]) or {}
    return exports.run(tables, job, dataset, schema, _client(request, "s3"))


def delete_users(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Write the datasets of a group again, without some users."""
    from localpersonalize.datasets import deletions
    from localpersonalize.datasets.csv_files import ImportRefusedError

    store, tables = _open(request)
    job = store.get(request["arn"]) or {}
    try:
        return deletions.run(tables, job, store.all("Dataset", job["datasetGroupArn"]), _objects(request))
    except ImportRefusedError as error:
        raise RefusedError(str(error)) from None


def report_attribution(request: dict[str, Any], say: Say) -> dict[str, Any]:
    """Write what a metric attribution measures of an import."""
    from localpersonalize.datasets.attribution import as_csv, measure
    from localpersonalize.runtime.adapters import dataset_of

    store, tables = _open(request)
    attribution, imported = store.get(request["arn"]) or {}, store.get(request["imported"]) or {}
    events = tables.version(imported["datasetArn"], imported["datasetImportJobArn"].split("/")[-1])
    if events is None:
        raise RefusedError("A later import took the place of the data before it was measured.")
    items = dataset_of(store, attribution["datasetGroupArn"], "ITEMS")
    measured = measure(attribution["metrics"], events, tables.whole(items) if items else None)
    bucket, _, key = request["location"].removeprefix("s3://").partition("/")
    _client(request, "s3").put_object(Bucket=bucket, Key=key, Body=as_csv(measured))
    return {"rows": len(measured)}


TASKS: dict[str, Callable[[dict[str, Any], Say], dict[str, Any]]] = {
    "import": import_dataset,
    "export": export,
    "delete users": delete_users,
    "attribution report": report_attribution,
    "train": train,
    "batch-inference-job": batch,
    "batch-segment-job": batch,
}

if __name__ == "__main__":
    main()
