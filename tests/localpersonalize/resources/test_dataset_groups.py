"""Dataset groups."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from tests.support.localpersonalize.contexts import Desk


def test_a_key_needs_a_role(desk: Desk) -> None:
    with pytest.raises(InvalidInputError, match="go together"):
        desk.group(kmsKeyArn="arn:aws:kms:us-east-1:1:key/k")


def test_a_name_is_taken_once(desk: Desk) -> None:
    desk.group()
    with pytest.raises(AlreadyExistsError):
        desk.group()


def test_nothing_is_made_in_a_group_that_is_not_active(desk: Desk) -> None:
    group = desk.create("DatasetGroup", active=False, name="shop")
    with pytest.raises(InUseError, match="The dataset group is not ACTIVE"):
        desk.solution(group)
