"""The list of operations."""

from __future__ import annotations

from localpersonalize.protocol.operations import Operations
from localpersonalize.resources.operations import OPERATIONS, PREPARATIONS
from localpersonalize.runtime.engine import OPERATIONS as RUNTIME_OPERATIONS


def test_every_operation_of_the_service_models_is_answered() -> None:
    assert set(Operations().by_name) == set(OPERATIONS) | set(RUNTIME_OPERATIONS)
    assert set(PREPARATIONS) <= set(OPERATIONS)
