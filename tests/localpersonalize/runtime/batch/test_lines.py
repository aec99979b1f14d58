from __future__ import annotations

import json
from typing import Any

import pytest

from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.filters import parse
from tests.support.localpersonalize.planted_runtime import NextItem, PlantedRuntime


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def inference(world: PlantedRuntime, arn: str, **more: Any) -> BatchInference:
    return BatchInference(world.deployments[arn], world.held, **more)


def test_a_line_that_cannot_be_answered_says_why_and_stops_nobody(world: PlantedRuntime) -> None:
    price = parse("EXCLUDE ItemID WHERE Items.PRICE > $P")
    result = run(
        inference(world, "next", request_filter=price, count=1),
        {"userId": "u1"},
        "{not json",
        '["u1"]',
        {"itemId": "i1"},
        {"userId": "u1", "filterValues": {"Q": "1"}},
        {"userId": "u1", "filterValues": {"P": '"cheap"'}},
        "",
        {"userId": "u1", "filterValues": {"P": "1"}},
    )
    errors = [one["error"] for one in result]
    assert errors[0] is None
    assert "Line 2 is not JSON" in errors[1]
    assert "Line 3 is not a JSON object" in errors[2]
    assert "userId is required" in errors[3]
    assert "no parameter Q" in errors[4]
    assert "Items.PRICE is a number" in errors[5]
    assert result[6]["output"]["recommendedItems"] == ["i0"]
    assert all((one["output"] is None) is (one["error"] is not None) for one in result)


ODD = [
    1,
    1.5,
    True,
    None,
    "",
    "x" * 5000,
    [],
    ["a"],
    [[]],
    {},
    {"a": 1},
    {"P": 3},
    {"P": None},
    {"P": ["x"]},
    {"P": '"'},
]
MEMBERS = ("userId", "itemId", "itemList", "context", "filterValues", "itemAttributes", "numResults", "other")


@pytest.mark.parametrize("arn", ["next", "after", "rank"])
@pytest.mark.parametrize("member", MEMBERS)
def test_a_value_of_an_odd_type_costs_its_own_line(world: PlantedRuntime, arn: str, member: str) -> None:
    good = {"userId": "u1", "itemId": "i1", "itemList": ["i1", "i2"], "filterValues": {"P": "5"}}
    job = inference(world, arn, request_filter=parse("EXCLUDE ItemID WHERE Items.PRICE > $P"), count=1)
    lines = [query for odd in ODD for query in (good, {**good, member: odd}, {**good, member: [odd]}, good)]
    result = run(job, *lines)
    assert [one["input"] for one in result] == lines
    assert all((one["output"] is None) is (one["error"] is not None) for one in result)
    answered = [one["error"] for one, query in zip(result, lines, strict=True) if query == good]
    assert answered == [None] * len(answered)


@pytest.mark.parametrize("member", ["itemId", "itemAttributes", "filterValues"])
def test_a_segment_query_of_an_odd_type_costs_its_own_line(world: PlantedRuntime, member: str) -> None:
    grown = parse("INCLUDE UserID WHERE Users.AGE >= $P")
    for by_attribute in (True, False):
        good = {"itemId": "i3", "itemAttributes": 'ITEMS.genre = "odd"', "filterValues": {"P": "1"}}
        job = BatchSegments(
            world.deploy("users", NextItem()), world.held, by_attribute=by_attribute, user_filter=grown
        )
        for odd in ODD:
            result = run(job, good, {**good, member: odd}, good)
            assert [one["error"] for one in result][::2] == [None, None]
            assert (result[1]["output"] is None) is (result[1]["error"] is not None)


def test_an_odd_value_is_named(world: PlantedRuntime) -> None:
    price = parse("EXCLUDE ItemID WHERE Items.PRICE > $P")
    (result,) = run(
        inference(world, "next", request_filter=price), {"userId": "u1", "filterValues": {"P": 1990}}
    )
    assert result["error"] == "filterValues.P must be a string, not 1990."
