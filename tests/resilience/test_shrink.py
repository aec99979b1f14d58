"""What is left over is needed, and nothing that is needed is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.resilience.shrink import shrink


@given(st.data(), st.integers(1, 12))
def test_what_is_left_is_exactly_what_is_needed_together(data, count):
    needed = data.draw(st.sets(st.integers(0, count - 1)))
    assert shrink(range(count), lambda events: needed <= set(events)) == sorted(needed)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_of_several_reasons_one_is_left(events):
    left = shrink(events, lambda part: any(event in part for event in events))
    assert len(left) == 1
