"""Event trackers."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError
from tests.support.localpersonalize.in_process import InProcessService


def test_a_group_has_one_tracker(service: InProcessService) -> None:
    group = service.group()
    made = service.call("CreateEventTracker", name="t", datasetGroupArn=group)
    assert made["trackingId"].startswith(made["eventTrackerArn"].rpartition("/")[2])
    with pytest.raises(AlreadyExistsError, match="only one"):
        service.call("CreateEventTracker", name="u", datasetGroupArn=group)
