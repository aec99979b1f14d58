from __future__ import annotations

import json
from typing import Any

from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.filters import parse
from tests.support.localpersonalize.planted_runtime import PlantedRuntime


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def inference(world: PlantedRuntime, arn: str, **more: Any) -> BatchInference:
    return BatchInference(world.deployments[arn], world.held, **more)


def test_a_line_that_cannot_be_answered_says_why_and_stops_nobody(world: PlantedRuntime) -> None:
    price = parse("EXCLUDE ItemID WHERE Items.PRICE > $P")
    found = run(
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
    errors = [one["error"] for one in found]
    assert errors[0] is None
    assert "Line 2 is not JSON" in errors[1]
    assert "Line 3 is not a JSON object" in errors[2]
    assert "userId is required" in errors[3]
    assert "no parameter Q" in errors[4]
    assert "Items.PRICE is a number" in errors[5]
    assert found[6]["output"]["recommendedItems"] == ["i0"]
    assert all((one["output"] is None) is (one["error"] is not None) for one in found)
