"""Schemas: they never change, and have no states."""

from __future__ import annotations

from localpersonalize.datasets.schemas import parse_fields
from localpersonalize.resource_types import SCHEMA
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params


def create(context: Context, params: Params) -> Answer:
    parse_fields(params["schema"])
    lifecycle.limit_number(context, SCHEMA)
    arn = context.account.arn(SCHEMA.name, params["name"])
    lifecycle.create(context, SCHEMA, arn, params, status=None, job=None)
    return {"schemaArn": arn}
