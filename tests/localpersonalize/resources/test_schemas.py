"""Schemas."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.in_process import INTERACTIONS, InProcessService


def test_a_schema_is_checked_and_there_at_once(service: InProcessService) -> None:
    arn = service.create("Schema", active=False, name="s", schema=INTERACTIONS)
    assert "status" not in service.call("DescribeSchema", schemaArn=arn)["schema"]
    assert service.queue.submitted == []
    with pytest.raises(InvalidInputError, match="not in JSON"):
        service.create("Schema", name="t", schema="{")
