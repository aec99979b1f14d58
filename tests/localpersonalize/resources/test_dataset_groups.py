"""Dataset groups."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import AlreadyExistsError, InUseError, InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService


def test_a_key_needs_a_role(service: InProcessService) -> None:
    with pytest.raises(InvalidInputError, match="go together"):
        service.group(kmsKeyArn="arn:aws:kms:us-east-1:1:key/k")


def test_a_name_is_taken_once(service: InProcessService) -> None:
    service.group()
    with pytest.raises(AlreadyExistsError):
        service.group()


def test_nothing_is_made_in_a_group_that_is_not_active(service: InProcessService) -> None:
    group = service.create("DatasetGroup", active=False, name="shop")
    with pytest.raises(InUseError, match="The dataset group is not ACTIVE"):
        service.solution(group)
