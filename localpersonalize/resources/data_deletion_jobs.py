"""Data deletion jobs: every record of the users that CSV files name, in all datasets of a group."""

from __future__ import annotations

from localpersonalize.resource_types import DATA_DELETION_JOB
from localpersonalize.resources import lifecycle
from localpersonalize.resources.access import require_s3
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group


def create(context: Context, params: Params) -> Answer:
    group = require_active_group(context, params)
    require_s3(params["dataSource"].get("dataLocation"), "data location")
    arn = context.account.arn(DATA_DELETION_JOB.name, params["jobName"])
    with context.database.transaction():
        lifecycle.limit_pending(context, DATA_DELETION_JOB, arn)
        lifecycle.create(
            context,
            DATA_DELETION_JOB,
            arn,
            params,
            parent=group["datasetGroupArn"],
            status="PENDING",  # the states of these jobs have names of their own
            job="delete users",
        )
    return {"dataDeletionJobArn": arn}
