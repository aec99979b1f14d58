from __future__ import annotations

import asyncio
from typing import Any

import pytest

from localpersonalize.runtime.engine import Runtime
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from tests.support.localpersonalize.planted_resources import ARN, PAIRS, PlantedResources


@pytest.fixture
def runtime(shop: PlantedResources) -> Any:
    made = Runtime(shop, shop)
    yield made
    made.close()


def test_requests_that_come_together_get_the_answers_they_would_get_alone(
    shop: PlantedResources, runtime: Runtime
) -> None:
    popular = shop.campaign("popular", shop.train("p", "aws-popularity-count"))
    related = shop.campaign("related", shop.train("s", "aws-sims", hyperparameters=PAIRS))
    requests = [{"campaignArn": popular, "userId": f"u{n}", "numResults": n} for n in range(30)]
    requests += [{"campaignArn": related, "itemId": f"a{n % 5}"} for n in range(30)]
    requests += [{"campaignArn": related}, {"campaignArn": f"{ARN}campaign/none", "userId": "u"}]

    async def all_together() -> list[Any]:
        return await asyncio.gather(
            *(runtime.answer_async("GetRecommendations", params) for params in requests),
            return_exceptions=True,
        )

    *result, refused, missing = asyncio.run(all_together())
    assert isinstance(refused, InvalidInputError)
    assert isinstance(missing, ResourceNotFoundError)
    for params, answer in zip(requests, result, strict=False):
        assert answer["itemList"] == runtime.get_recommendations(params)["itemList"]
    assert len(runtime.batcher) == 0
