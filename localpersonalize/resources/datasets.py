"""Datasets: at most one of each type in a dataset group."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.datasets import domain_schemas
from localpersonalize.datasets.schemas import REQUIRED, check_for_dataset, columns_of, parse_fields
from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import InUseError, InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateDataset")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    kind = params["datasetType"].upper()
    if kind not in REQUIRED:
        raise InvalidInputError(
            f"Unknown dataset type {params['datasetType']}. Use one of {', '.join(REQUIRED)}."
        )
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    schema = service.require(params["schemaArn"], "Schema")
    if schema.get("domain") != group.get("domain"):
        raise InvalidInputError(
            "The schema and the dataset group must be of the same domain, or both of none."
        )
    _check(schema, kind, group.get("domain"))
    arn = service.arn("dataset", group["name"], kind)
    body = {**params, "datasetArn": arn, "datasetType": kind, "status": lifecycle.PENDING}
    if kind == "ACTION_INTERACTIONS":
        body["trackingId"] = str(uuid.uuid4())
    with service.store.transaction():
        lifecycle.new(service, "Dataset", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("become active", arn)
    return {"datasetArn": arn}


def _check(schema: Mapping[str, Any], kind: str, domain: str | None) -> None:
    fields = parse_fields(schema["schema"])
    check_for_dataset(fields, kind)
    if domain:
        domain_schemas.check(fields, kind, domain)


@operation("UpdateDataset")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    """Put another schema in the place of a dataset's: it may add fields that can be null, and drop none."""
    dataset = lifecycle.require_active(service.require(params["datasetArn"], "Dataset"), "The dataset")
    if dataset.get("latestDatasetUpdate", {}).get("status", lifecycle.ACTIVE) not in lifecycle.STOPPED:
        raise InUseError("The dataset is being updated.")
    schema = service.require(params["schemaArn"], "Schema")
    before = columns_of(service.require(dataset["schemaArn"], "Schema"))
    after = columns_of(schema)
    _check(schema, dataset["datasetType"], schema.get("domain"))
    lost = sorted(set(before) - set(after))
    if lost:
        raise InvalidInputError(f"The new schema has lost fields of the dataset's schema: {', '.join(lost)}.")
    changed = sorted(
        name
        for name in before
        if (before[name].kind, before[name].categorical) != (after[name].kind, after[name].categorical)
    )
    if changed:
        raise InvalidInputError(
            f"The new schema changes the type of {', '.join(changed)}; types can't be changed."
        )
    strict = sorted(name for name in set(after) - set(before) if not after[name].nullable)
    if strict:
        raise InvalidInputError(f"New fields must allow null: {', '.join(strict)}.")
    with service.store.transaction():
        now = time.time()
        latest = {
            "schemaArn": params["schemaArn"], "status": lifecycle.PENDING, "creationDateTime": now,
            "lastUpdatedDateTime": now,
        }  # fmt: skip
        service.store.change(params["datasetArn"], latestDatasetUpdate=latest)
        service.jobs.submit("update dataset", params["datasetArn"], schemaArn=params["schemaArn"])
    return {"datasetArn": params["datasetArn"]}


@job("update dataset", minutes=1)
def update_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    details["_wait"]()
    latest = (service.store.get(arn) or {}).get("latestDatasetUpdate", {})
    latest |= {"status": lifecycle.ACTIVE, "lastUpdatedDateTime": time.time()}
    service.store.change(arn, schemaArn=details["schemaArn"], latestDatasetUpdate=latest)


def _forget_data(service: Service, arn: str) -> None:
    service.store.forget_dataset(arn)
    shutil.rmtree(service.tables.version_folder(arn, "x").parent, ignore_errors=True)


lifecycle.AFTER_DELETE["Dataset"] = [_forget_data]
