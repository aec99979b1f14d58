from __future__ import annotations

import numpy as np
import pytest

from benchmarks.influence import Catalogue, age_rank, mean_popularity
from localpersonalize.runtime.deployment import RankingInfluence
from localpersonalize.runtime.ranking_influence import influenced
from tests.support.localpersonalize.planted_runtime import AfterItem, PlantedRuntime

WEIGHTS = (0.0, 0.1, 0.3, 0.6, 1.0)


def test_weights_come_from_the_campaign_and_are_off_by_default() -> None:
    assert not RankingInfluence.from_wire(None)
    assert not RankingInfluence.from_wire({"POPULARITY": 0.0})
    assert RankingInfluence.from_wire({"POPULARITY": 0.5, "FRESHNESS": 0.25}) == RankingInfluence(0.5, 0.25)


def test_the_more_popularity_counts_the_more_popular_the_list_is(subtests: pytest.Subtests) -> None:
    catalogue = Catalogue(seed=1)
    for other in (0.0, 0.5):
        with subtests.test(freshness=other):
            lists = [catalogue.recommended(RankingInfluence(weight, other)) for weight in WEIGHTS]
            popularity = [mean_popularity(catalogue, items) for items in lists]
            assert popularity == sorted(popularity)
            assert popularity[-1] > 1.2 * popularity[0]


def test_the_more_freshness_counts_the_newer_the_list_is(subtests: pytest.Subtests) -> None:
    catalogue = Catalogue(seed=1)
    for other in (0.0, 0.5):
        with subtests.test(popularity=other):
            lists = [catalogue.recommended(RankingInfluence(other, weight)) for weight in WEIGHTS]
            rank = [age_rank(catalogue, items) for items in lists]
            assert rank == sorted(rank, reverse=True)
            assert rank[-1] < 0.8 * rank[0]


def test_a_campaign_with_an_influence_answers_by_it(world: PlantedRuntime) -> None:
    world.deploy("after", AfterItem(), "RELATED_ITEMS")
    world.happened("u9", *["i6"] * 50)
    assert world.ids(campaignArn="after", itemId="i3", numResults=2) == "i4 i5"
    world.deploy("after", AfterItem(), "RELATED_ITEMS", influence=RankingInfluence(popularity=1.0))
    assert world.ids(campaignArn="after", itemId="i3", numResults=1) == "i6"
    world.put_items({"ITEM_ID": "i7", "CREATION_TIMESTAMP": 1000}, {"ITEM_ID": "i5", "CREATION_TIMESTAMP": 9})
    world.deploy("after", AfterItem(), "RELATED_ITEMS", influence=RankingInfluence(freshness=1.0))
    assert world.ids(campaignArn="after", itemId="i3", numResults=1) == "i7"


def test_what_is_never_recommended_stays_so(world: PlantedRuntime) -> None:
    deployment = world.deploy("after", AfterItem(), influence=RankingInfluence(1.0, 1.0))
    scores = np.full(10, -np.inf, np.float32)
    view = deployment.view(world.held, deployment.model.items)
    assert (influenced(scores, deployment, world.held, view) == -np.inf).all()
    scores[3] = 1.0
    assert np.flatnonzero(influenced(scores, deployment, world.held, view) > -np.inf).tolist() == [3]
