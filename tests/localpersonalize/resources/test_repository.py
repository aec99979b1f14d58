"""Resources by kind and ARN."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import NotFoundError
from localpersonalize.resource_types import DATASET_GROUP, FILTER
from tests.support.localpersonalize.in_process import InProcessService


def test_a_resource_of_another_kind_is_not_found(service: InProcessService) -> None:
    arn = service.group()
    resources = service.context.resources
    assert resources.require(DATASET_GROUP, arn)["name"] == "shop"
    assert resources.find(FILTER, arn) is None
    assert resources.exists(arn)
    with pytest.raises(NotFoundError, match=f"kind Filter .*{arn}"):
        resources.require(FILTER, arn)
