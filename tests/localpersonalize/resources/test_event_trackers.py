"""Event trackers."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import LimitExceededError
from tests.support.localpersonalize.contexts import Desk


def test_a_group_has_one_tracker(desk: Desk) -> None:
    group = desk.group()
    made = desk.call("CreateEventTracker", name="t", datasetGroupArn=group)
    assert made["trackingId"].startswith(made["eventTrackerArn"].rpartition("/")[2])
    with pytest.raises(LimitExceededError, match="only one"):
        desk.call("CreateEventTracker", name="u", datasetGroupArn=group)
