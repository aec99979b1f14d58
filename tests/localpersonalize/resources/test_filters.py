"""Filters."""

from __future__ import annotations

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from tests.support.localpersonalize.in_process import InProcessService


def test_a_filter_is_checked_against_the_datasets(service: InProcessService) -> None:
    group = service.group()
    service.interactions(group)
    text = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Purchase")'
    arn = service.create("Filter", name="f", datasetGroupArn=group, filterExpression=text)
    assert arn.endswith(":filter/f")
    wrong = text.replace("EVENT_TYPE", "COLOUR")
    with pytest.raises(InvalidInputError, match="COLOUR"):
        service.create("Filter", name="g", datasetGroupArn=group, filterExpression=wrong)
