"""Schemas: they never change, and have no states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.datasets.schemas import parse_fields
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateSchema")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    parse_fields(params["schema"])
    lifecycle.limit_number(service, "Schema")
    arn = service.arn("schema", params["name"])
    lifecycle.new(service, "Schema", arn, {**params, "schemaArn": arn}, params)
    return {"schemaArn": arn}
