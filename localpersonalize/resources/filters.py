"""Filters: checked against the datasets when they are created."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation
from localpersonalize.runtime.filters import FilterError, parse, validate

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateFilter")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    schemas = {
        dataset["datasetType"].upper(): json.loads(service.require(dataset["schemaArn"], "Schema")["schema"])
        for dataset in service.store.all("Dataset", group["datasetGroupArn"])
    }
    others = [
        parse(other["filterExpression"]) for other in service.store.all("Filter", group["datasetGroupArn"])
    ]
    try:
        validate(parse(params["filterExpression"]), schemas, others)
    except FilterError as error:
        raise InvalidInputError(str(error)) from None
    lifecycle.limit_number(service, "Filter", group["datasetGroupArn"])
    arn = service.arn("filter", params["name"])
    body = {**params, "filterArn": arn, "status": lifecycle.PENDING}
    with service.store.transaction():
        lifecycle.new(service, "Filter", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("become active", arn)
    return {"filterArn": arn}


lifecycle.AFTER_DELETE["Filter"] = [lambda service, arn: service.runtime.withdraw(arn)]
