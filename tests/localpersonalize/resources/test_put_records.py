"""Records that are put one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError, NotFoundError
from tests.support.localpersonalize.in_process import InProcessService


def event(**more: Any) -> dict[str, Any]:
    return {"eventType": "View", "itemId": "i1", "sentAt": datetime(2024, 1, 1, tzinfo=UTC), **more}


def test_an_event_is_in_the_database_when_it_is_answered(service: InProcessService) -> None:
    group = service.group()
    dataset = service.interactions(group)
    tracker = service.call("CreateEventTracker", name="t", datasetGroupArn=group)
    put = {
        "trackingId": tracker["trackingId"],
        "sessionId": "s",
        "eventList": [event(impression=["i1", "i2"])],
    }
    with pytest.raises(InvalidInputError, match="tracker is not ACTIVE"):
        service.call("PutEvents", **put)
    service.context.database.change(tracker["eventTrackerArn"], status="ACTIVE")
    service.call("PutEvents", **put)
    (row,) = service.context.database.events(dataset)
    assert (row["USER_ID"], row["ITEM_ID"], row["IMPRESSION"]) == ("s", "i1", "i1|i2")


def test_records_go_to_a_dataset_of_their_type(service: InProcessService) -> None:
    dataset = service.interactions(service.group())
    with pytest.raises(InvalidInputError, match="of type INTERACTIONS, not ITEMS"):
        service.call("PutItems", datasetArn=dataset, items=[{"itemId": "i"}])
    with pytest.raises(NotFoundError) as missing:
        service.call("PutUsers", datasetArn="arn:none", users=[{"userId": "u"}])
    assert missing.value.status == 404
