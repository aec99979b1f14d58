"""Dataset export jobs."""

from __future__ import annotations

from localpersonalize.resource_types import DATASET, DATASET_EXPORT_JOB
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_s3
from localpersonalize.resources.context import Answer, Context, Params


def create(context: Context, params: Params) -> Answer:
    dataset = lifecycle.require_active(
        context.resources.require(DATASET, params["datasetArn"]), "The dataset"
    )
    require_s3(params["jobOutput"]["s3DataDestination"]["path"], "data destination")
    arn = context.account.arn(DATASET_EXPORT_JOB.name, params["jobName"])
    body = {"ingestionMode": "PUT", **params}
    with context.database.transaction():
        lifecycle.limit_pending(context, DATASET_EXPORT_JOB, arn)
        lifecycle.create(context, DATASET_EXPORT_JOB, arn, body, parent=dataset["datasetArn"], job="export")
    return {"datasetExportJobArn": arn}
