"""Values that come from other tasks."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore.task_inputs import require_inputs, values_of


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_an_input_without_a_value_fails_by_its_name(nothing):
    with pytest.raises(AirflowFailException, match=r"^gate has no value for plan, decision"):
        require_inputs("gate", plan=nothing, version="arn", decision=nothing)


def test_values_that_are_false_are_values():
    require_inputs("clean_up", preview=False, count=0, partitions=[])


def test_a_mapped_task_gives_one_value_several_or_none():
    assert values_of(None) == []
    assert values_of({"solution": "a"}) == [{"solution": "a"}]
    assert values_of(["a", None, "b"]) == ["a", "b"]
