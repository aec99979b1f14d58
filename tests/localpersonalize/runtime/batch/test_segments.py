from __future__ import annotations

import json
from typing import Any

import pytest

from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.filters import parse
from tests.support.localpersonalize.planted_runtime import PlantedRuntime


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def segments(world: PlantedRuntime, by_attribute: bool = False, **more: Any) -> BatchSegments:
    return BatchSegments(world.deployments["next"], world.held, by_attribute, **more)


def test_segments_list_the_likeliest_users_of_an_item(world: PlantedRuntime) -> None:
    # The next item after u1's is i3, after u2's i8; strangers begin at i0.
    three, eight, unknown = run(segments(world), {"itemId": "i3"}, {"itemId": "i8"}, {"itemId": "nope"})
    assert three["output"]["usersList"][0] == "u1"
    assert eight["output"]["usersList"][0] == "u2"
    assert sorted(three["output"]["usersList"]) == ["u1", "u2", "u3", "young"]
    assert "nope was not in the data" in unknown["error"]


def test_segments_by_attribute(world: PlantedRuntime) -> None:
    odd, both, wrong, none = run(
        segments(world, by_attribute=True, count=1),
        {"itemAttributes": 'ITEMS.genre = "odd"'},
        {"itemAttributes": 'ITEMS.genre = "even" AND ITEMS.price = 8'},
        {"itemAttributes": 'ITEMS.genre IN ("odd")'},
        {"itemAttributes": 'ITEMS.genre = "never"'},
    )
    assert odd == {
        "input": {"itemAttributes": 'ITEMS.genre = "odd"'},
        "output": {"usersList": ["u1"]},
        "error": None,
    }
    assert both["output"]["usersList"] == ["u2"]
    assert "with =" in wrong["error"]
    assert "No item" in none["error"]


def test_a_malformed_attribute_query_points_at_its_own_column(world: PlantedRuntime) -> None:
    (result,) = run(segments(world, by_attribute=True), {"itemAttributes": "ITEMS.genre == 3"})
    assert "column 14" in result["error"]


def test_segments_can_be_filtered_by_users_and_their_events(world: PlantedRuntime) -> None:
    grown = parse("INCLUDE UserID WHERE Users.AGE >= $AGE")
    (result,) = run(segments(world, user_filter=grown), {"itemId": "i3", "filterValues": {"AGE": "40"}})
    assert result["output"]["usersList"] == ["u2"]
    buyers = parse('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("BUY")')
    (result,) = run(segments(world, user_filter=buyers), {"itemId": "i3"})
    assert sorted(result["output"]["usersList"]) == ["u2", "u3", "young"]


def test_segment_files_are_bounded(world: PlantedRuntime) -> None:
    with pytest.raises(ValueError, match="at most 10"):
        list(segments(world, by_attribute=True).run([b'{"itemAttributes": "ITEMS.price = 1"}'] * 11))
