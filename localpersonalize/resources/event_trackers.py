"""Event trackers: one a dataset group; their tracking ID tells PutEvents where events belong."""

from __future__ import annotations

import uuid

from localpersonalize.protocol.errors import AlreadyExistsError
from localpersonalize.resource_types import EVENT_TRACKER
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.dataset_groups import require_active_group


def create(context: Context, params: Params) -> Answer:
    group = require_active_group(context, params)
    tracking_id = str(uuid.uuid4())
    arn = context.account.arn(EVENT_TRACKER.name, tracking_id[:8])
    body = {**params, "trackingId": tracking_id, "accountId": context.account.number}
    with context.database.transaction():
        if context.resources.all(EVENT_TRACKER, group["datasetGroupArn"]):
            raise AlreadyExistsError("A dataset group can have only one event tracker, and this one has it.")
        lifecycle.create(context, EVENT_TRACKER, arn, body, parent=group["datasetGroupArn"])
    return {"eventTrackerArn": arn, "trackingId": tracking_id}
