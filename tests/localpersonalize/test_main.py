"""`--pace`."""

from __future__ import annotations

import pytest

from localpersonalize.__main__ import _factor


def test_fast_takes_no_time_and_a_number_is_a_factor() -> None:
    assert _factor("fast") == 0
    assert _factor("0.1") == 0.1


@pytest.mark.parametrize("pace", ["quick", "-1", "inf", "nan"])
def test_what_is_no_pace(pace: str) -> None:
    with pytest.raises(ValueError, match=f"--pace is {pace}"):
        _factor(pace)
