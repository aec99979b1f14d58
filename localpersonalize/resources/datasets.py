"""Datasets: at most one of each type in a dataset group."""

from __future__ import annotations

import uuid
from operator import attrgetter

from localpersonalize.datasets import domain_schemas
from localpersonalize.datasets.schemas import (
    REQUIRED_FIELDS,
    check_for_dataset,
    check_name,
    columns_of,
    parse_fields,
)
from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resource_types import DATASET, SCHEMA, Schema
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group
from localpersonalize.resources.updates import new_update, require_no_update

#: Types whose schema can be replaced ("Replacing a dataset's schema to add new columns" in the developer guide).
REPLACEABLE = ("USERS", "ITEMS")
_attributes = attrgetter("kind", "categorical", "textual", "item_name")


def create(context: Context, params: Params) -> Answer:
    dataset_type = params["datasetType"].upper()
    if dataset_type not in REQUIRED_FIELDS:
        raise InvalidInputError(
            f"Unknown dataset type {params['datasetType']}. Use one of {', '.join(REQUIRED_FIELDS)}."
        )
    group = require_active_group(context, params)
    schema = context.resources.require(SCHEMA, params["schemaArn"])
    if schema.get("domain") != group.get("domain"):
        raise InvalidInputError(
            "The schema and the dataset group must be of the same domain, or both of none."
        )
    _check_schema(schema, dataset_type)
    arn = context.account.arn(DATASET.name, group["name"], dataset_type)
    body = {**params, "datasetType": dataset_type}
    if dataset_type == "ACTION_INTERACTIONS":
        body["trackingId"] = str(uuid.uuid4())
    lifecycle.create(context, DATASET, arn, body, parent=group["datasetGroupArn"])
    return {"datasetArn": arn}


def update(context: Context, params: Params) -> Answer:
    """Put another schema in the place of a dataset's: it may add fields that can be null, and drop none."""
    dataset = lifecycle.require_active(
        context.resources.require(DATASET, params["datasetArn"]), "The dataset"
    )
    require_no_update(dataset, "The dataset")
    if dataset["datasetType"] not in REPLACEABLE:
        raise InvalidInputError(
            f"The schema of a dataset of type {dataset['datasetType']} can't be replaced, only that of Users and Items."
        )
    schema = context.resources.require(SCHEMA, params["schemaArn"])
    _check_schema(schema, dataset["datasetType"])
    _check_change(context.resources.require(SCHEMA, dataset["schemaArn"]), schema)
    latest = new_update(status="UPDATE PENDING", schemaArn=params["schemaArn"])
    with context.database.transaction():
        context.resources.change(
            DATASET, params["datasetArn"], status="UPDATE PENDING", latestDatasetUpdate=latest
        )
        context.jobs.submit("update dataset", params["datasetArn"], schemaArn=params["schemaArn"])
    return {"datasetArn": params["datasetArn"]}


def _check_schema(schema: Schema, dataset_type: str) -> None:
    """
    :raises InvalidInputError: if a dataset of this type can't have the schema.
    """
    fields = parse_fields(schema["schema"])
    check_name(schema["schema"], dataset_type)
    check_for_dataset(fields, dataset_type)
    domain = schema.get("domain")
    if domain:
        domain_schemas.check(fields, dataset_type, domain)


def _check_change(old: Schema, new: Schema) -> None:
    """
    :raises InvalidInputError: if the new schema can't take the place of the old one.
    """
    before, after = columns_of(old), columns_of(new)
    lost = sorted(set(before) - set(after))
    if lost:
        raise InvalidInputError(f"The new schema has lost fields of the dataset's schema: {', '.join(lost)}.")
    changed = sorted(name for name in before if _attributes(before[name]) != _attributes(after[name]))
    if changed:
        raise InvalidInputError(
            f"The new schema changes the type of {', '.join(changed)}; types can't be changed."
        )
    strict = sorted(name for name in set(after) - set(before) if not after[name].nullable)
    if strict:
        raise InvalidInputError(f"New fields must allow null: {', '.join(strict)}.")
