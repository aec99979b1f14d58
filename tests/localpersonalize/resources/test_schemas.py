"""Schemas."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.contexts import INTERACTIONS, Desk


def test_a_schema_is_checked_and_there_at_once(desk: Desk) -> None:
    arn = desk.create("Schema", active=False, name="s", schema=INTERACTIONS)
    assert "status" not in desk.call("DescribeSchema", schemaArn=arn)["schema"]
    assert desk.queue.submitted == []
    with pytest.raises(InvalidInputError, match="not in JSON"):
        desk.create("Schema", name="t", schema="{")
