"""Dataset groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateDatasetGroup")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    if bool(params.get("roleArn")) != bool(params.get("kmsKeyArn")):
        raise InvalidInputError("roleArn and kmsKeyArn go together: give both or neither.")
    lifecycle.limit_number(service, "DatasetGroup")
    arn = service.arn("dataset-group", params["name"])
    body = {**params, "datasetGroupArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        lifecycle.new(service, "DatasetGroup", arn, body, params)
        service.jobs.submit("become active", arn)
    return {"datasetGroupArn": arn, "domain": params.get("domain")}


@job("become active", minutes=0.5)
def become_active(service: Service, arn: str, details: dict[str, Any]) -> None:
    """What needs no work of its own (dataset groups, datasets, filters, trackers) goes through its states."""
    if lifecycle.begin(service, arn) is not None:
        details["_wait"]()
        service.store.change(arn, status=lifecycle.ACTIVE)
