"""Filters: checked against the datasets when they are created."""

from __future__ import annotations

import json

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resource_types import DATASET, FILTER, SCHEMA
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group
from localpersonalize.runtime.filters import FilterError, parse, validate


def create(context: Context, params: Params) -> Answer:
    group_arn = require_active_group(context, params)["datasetGroupArn"]
    schemas = {
        dataset["datasetType"].upper(): json.loads(
            context.resources.require(SCHEMA, dataset["schemaArn"])["schema"]
        )
        for dataset in context.resources.all(DATASET, group_arn)
    }
    others = [parse(other["filterExpression"]) for other in context.resources.all(FILTER, group_arn)]
    try:
        validate(parse(params["filterExpression"]), schemas, others)
    except FilterError as error:
        raise InvalidInputError(str(error)) from None
    lifecycle.limit_number(context, FILTER, group_arn)
    arn = context.account.arn(FILTER.name, params["name"])
    lifecycle.create(context, FILTER, arn, params, parent=group_arn)
    return {"filterArn": arn}
