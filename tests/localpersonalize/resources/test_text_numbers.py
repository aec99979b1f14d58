"""Numbers as text are numbers, wherever a request has them."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.text_numbers import RANGES, check_text_numbers

WRONG = ["nan", "inf", "-inf", "abc", "", " ", "1,5", "1_0", "٣", "1e999", "0x10"]


@pytest.mark.parametrize("member", RANGES)
@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_number_is_refused_by_its_path(member: str, text: str) -> None:
    for request, path in (
        ({member: text}, member),
        (
            {"campaignConfig": {"itemExplorationConfig": {member: text}}},
            f"campaignConfig.itemExplorationConfig.{member}",
        ),
        ({"list": [{"a": "b"}, {member: text}]}, f"list.2.{member}"),
    ):
        with pytest.raises(InvalidInputError, match=path):
            check_text_numbers(request)


@pytest.mark.parametrize(
    ("request_", "right"),
    [
        ({"explorationWeight": "0.3"}, True),
        ({"explorationWeight": "0"}, True),
        ({"explorationWeight": "1"}, True),
        ({"explorationWeight": "1.01"}, False),
        ({"explorationWeight": "-0.1"}, False),
        ({"explorationItemAgeCutOff": "30.0"}, True),
        ({"explorationItemAgeCutOff": "-1"}, False),
        ({"eventValueThreshold": "-5"}, True),
        ({"eventValueThreshold": "1e3"}, True),
        ({"eventValueThreshold": 0.5}, True),
        ({"other": "abc"}, True),
        ({}, True),
    ],
)
def test_ranges(request_: dict[str, Any], right: bool) -> None:
    if right:
        check_text_numbers(request_)
    else:
        with pytest.raises(InvalidInputError):
            check_text_numbers(request_)
