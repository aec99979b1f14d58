"""Dataset import jobs."""

from __future__ import annotations

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resource_types import DATASET, DATASET_IMPORT_JOB
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_s3
from localpersonalize.resources.context import Answer, Context, Params


def create(context: Context, params: Params) -> Answer:
    dataset = lifecycle.require_active(
        context.resources.require(DATASET, params["datasetArn"]), "The dataset"
    )
    require_s3(params["dataSource"].get("dataLocation"), "data location")
    if not params.get("roleArn"):
        raise InvalidInputError("roleArn is required: the role that lets Amazon Personalize read the data.")
    arn = context.account.arn(DATASET_IMPORT_JOB.name, params["jobName"])
    body = {"importMode": "FULL", **params}
    with context.database.transaction():
        lifecycle.limit_pending(context, DATASET_IMPORT_JOB, arn)
        lifecycle.create(context, DATASET_IMPORT_JOB, arn, body, parent=dataset["datasetArn"], job="import")
    return {"datasetImportJobArn": arn}
