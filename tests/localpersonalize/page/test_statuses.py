"""States and times in words."""

from __future__ import annotations

from typing import get_args

import pytest

from localpersonalize.page.statuses import ago, duration, moment, sentence, tone
from localpersonalize.resource_types import AT_REST, Status


@pytest.mark.parametrize("status", get_args(Status))
def test_every_state_of_the_service_has_a_tone(status: str):
    is_over = status in (*AT_REST, "COMPLETED", "FAILED")
    assert (tone(status) == "busy") is not is_over
    assert (tone(status) == "failed") is ("FAILED" in status)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (300_000, "3 days"),
    ],
)
def test_durations(seconds: float, text: str):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [(5, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (86_400, "1 day ago"), (-5, "just now")],
)
def test_times_ago(passed: float, text: str):
    assert ago(1_000_000 - passed, 1_000_000) == text


def test_words_and_moments():
    assert sentence("CREATE IN_PROGRESS") == "create in progress"
    assert moment(0) == "1970-01-01 00:00:00"
