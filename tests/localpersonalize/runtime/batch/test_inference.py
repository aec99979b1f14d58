from __future__ import annotations

import json
from typing import Any

import pytest

from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.batch.segments import BatchSegments
from localpersonalize.runtime.deployment import Exploration
from tests.support.localpersonalize.planted_runtime import NextItem, PlantedRuntime


def run(job: BatchInference | BatchSegments, *queries: Any) -> list[dict[str, Any]]:
    raw = [q.encode() if isinstance(q, str) else json.dumps(q).encode() for q in queries]
    return [json.loads(outcome.encode()) for outcome in job.run(raw)]


def inference(world: PlantedRuntime, arn: str, **more: Any) -> BatchInference:
    return BatchInference(world.deployments[arn], world.held, **more)


def test_users_get_items_with_scores(world: PlantedRuntime) -> None:
    first, second = run(inference(world, "next", count=2), {"userId": "u1"}, {"userId": "stranger"})
    assert first["input"] == {"userId": "u1"}
    assert first["output"]["recommendedItems"] == ["i3", "i4"]
    assert first["output"]["scores"] == sorted(first["output"]["scores"], reverse=True)
    assert first["error"] is None
    assert second["output"]["recommendedItems"] == ["i0", "i1"]


def test_items_get_related_items_without_scores(world: PlantedRuntime) -> None:
    (result,) = run(inference(world, "after", count=3), {"itemId": "i5"})
    assert result["output"] == {"recommendedItems": ["i6", "i7", "i8"]}


def test_lists_are_ranked(world: PlantedRuntime) -> None:
    (result,) = run(inference(world, "rank"), {"userId": "u1", "itemList": ["x", "i5", "i3"]})
    assert result["output"]["recommendedItems"] == ["i3", "i5", "x"]
    assert len(result["output"]["scores"]) == 3


def test_answers_are_those_of_the_campaign(world: PlantedRuntime) -> None:
    users = ["u1", "u2", "u3", "nobody"]
    for user, result in zip(
        users, run(inference(world, "next"), *({"userId": u} for u in users)), strict=True
    ):
        single = world.recommend(campaignArn="next", userId=user)["itemList"]
        assert result["output"]["recommendedItems"] == [item["itemId"] for item in single]
        assert result["output"]["scores"] == [item["score"] for item in single]


def test_exploration_can_be_configured(world: PlantedRuntime) -> None:
    world.deploy("explores", NextItem(), explores=Exploration(weight=1.0))
    result = run(inference(world, "explores", count=2), *[{"userId": "u1"}] * 20)
    assert any(one["output"]["recommendedItems"] != ["i3", "i4"] for one in result)


def test_number_of_results_is_bounded(world: PlantedRuntime) -> None:
    with pytest.raises(ValueError, match="between 1 and 500"):
        inference(world, "next", count=501)
