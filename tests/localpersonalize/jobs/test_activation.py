"""What needs no work of its own."""

from __future__ import annotations

from localpersonalize.jobs.activation import activate
from tests.support.localpersonalize.contexts import Desk


def test_it_becomes_active_once(desk: Desk) -> None:
    arn = desk.create("DatasetGroup", active=False, name="shop")
    activate(desk.context, desk.job("become active", arn))
    assert desk.status(arn) == "ACTIVE"
    desk.context.database.change(arn, status="DELETE PENDING")
    activate(desk.context, desk.job("become active", arn))
    assert desk.status(arn) == "DELETE PENDING"
