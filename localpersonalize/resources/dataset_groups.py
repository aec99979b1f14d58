"""Dataset groups."""

from __future__ import annotations

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resource_types import DATASET_GROUP, DatasetGroup
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params


def create(context: Context, params: Params) -> Answer:
    if bool(params.get("roleArn")) != bool(params.get("kmsKeyArn")):
        raise InvalidInputError("roleArn and kmsKeyArn go together: give both or neither.")
    lifecycle.limit_number(context, DATASET_GROUP)
    arn = context.account.arn(DATASET_GROUP.name, params["name"])
    lifecycle.create(context, DATASET_GROUP, arn, params)
    return {"datasetGroupArn": arn, "domain": params.get("domain")}


def require_active_group(context: Context, params: Params) -> DatasetGroup:
    """The dataset group that a request names.

    :raises ServiceError: if there is none, or it is not ACTIVE.
    """
    group = context.resources.require(DATASET_GROUP, params["datasetGroupArn"])
    return lifecycle.require_active(group, "The dataset group")
