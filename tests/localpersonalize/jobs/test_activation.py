"""What needs no work of its own."""

from __future__ import annotations

from localpersonalize.jobs.activation import activate
from tests.support.localpersonalize.in_process import InProcessService


def test_it_becomes_active_once(service: InProcessService) -> None:
    arn = service.create("DatasetGroup", active=False, name="shop")
    activate(service.context, service.job("become active", arn))
    assert service.status(arn) == "ACTIVE"
    service.context.database.change(arn, status="DELETE PENDING")
    activate(service.context, service.job("become active", arn))
    assert service.status(arn) == "DELETE PENDING"
