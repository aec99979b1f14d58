"""Event trackers: one a dataset group; their tracking ID tells PutEvents where events belong."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import LimitExceededError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation

if TYPE_CHECKING:
    from localpersonalize.service import Service


@operation("CreateEventTracker")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    group = lifecycle.require_active(
        service.require(params["datasetGroupArn"], "DatasetGroup"), "The dataset group"
    )
    tracking_id = str(uuid.uuid4())
    arn = service.arn("event-tracker", tracking_id[:8])
    body = {
        **params, "eventTrackerArn": arn, "trackingId": tracking_id, "accountId": service.settings.account,
        "status": lifecycle.PENDING,
    }  # fmt: skip
    with service.store.transaction():
        if service.store.count("EventTracker", parent=group["datasetGroupArn"]):
            raise LimitExceededError("A dataset group can have only one event tracker.")
        lifecycle.new(service, "EventTracker", arn, body, params, parent=group["datasetGroupArn"])
        service.jobs.submit("become active", arn)
    return {"eventTrackerArn": arn, "trackingId": tracking_id}
