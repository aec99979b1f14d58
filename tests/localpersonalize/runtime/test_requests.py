"""GetRecommendations and GetPersonalizedRanking around models whose right answers are known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from localpersonalize.recipes.base.model import Request
from localpersonalize.runtime import requests
from localpersonalize.runtime.errors import InvalidInputError, ResourceNotFoundError
from localpersonalize.runtime.histories import EventSelection
from tests.support.localpersonalize.planted_runtime import ITEMS, NextItem, PlantedRuntime


def test_a_users_history_decides(world: PlantedRuntime) -> None:
    assert world.ids(campaignArn="next", userId="u1", numResults=3) == "i3 i4 i5"
    assert world.ids(campaignArn="next", userId="stranger", numResults=2) == "i0 i1"


def test_scores_sum_to_one_over_all_items(world: PlantedRuntime) -> None:
    result = world.recommend(campaignArn="next", userId="u1", numResults=500)["itemList"]
    assert len(result) == 10
    assert sum(item["score"] for item in result) == pytest.approx(1, abs=1e-5)


def test_25_results_unless_told_and_none_for_none(world: PlantedRuntime) -> None:
    world.deploy("large", NextItem([f"x{n}" for n in range(600)]))
    assert len(world.recommend(campaignArn="large", userId="u")["itemList"]) == 25
    assert len(world.recommend(campaignArn="large", userId="u", numResults=500)["itemList"]) == 500
    assert world.recommend(campaignArn="large", userId="u", numResults=0)["itemList"] == []


def test_related_items_need_an_item_and_show_no_score(world: PlantedRuntime) -> None:
    result = world.recommend(campaignArn="after", itemId="i5", numResults=2)["itemList"]
    assert result == [{"itemId": "i6"}, {"itemId": "i7"}]
    assert world.ids(campaignArn="after", itemId="unheard of", numResults=1) == "i0"


def test_a_streamed_event_changes_the_next_answer(world: PlantedRuntime) -> None:
    world.happened("u1", "i7")
    assert world.ids(campaignArn="next", userId="u1", numResults=2) == "i8 i9"


def test_what_was_done_before_sign_in_counts_after_it(world: PlantedRuntime) -> None:
    world.happened(None, "i4", session="visit")
    assert world.ids(campaignArn="next", userId="visit", numResults=1) == "i5"
    assert world.ids(campaignArn="next", userId="new", numResults=1) == "i0"
    world.happened("new", "gone", time=900, session="visit")
    assert world.ids(campaignArn="next", userId="new", numResults=1) == "i5"


def test_a_solution_ignores_other_events_than_its_own(world: PlantedRuntime) -> None:
    world.deploy("buys", NextItem(), selection=EventSelection.from_solution_config("buy", {}))
    world.happened("u1", "i7")
    assert world.ids(campaignArn="buys", userId="u1", numResults=1) == "i3"
    world.happened("u1", "i8", kind="BUY", time=2000)
    assert world.ids(campaignArn="buys", userId="u1", numResults=1) == "i9"


def test_filters_on_items_events_and_the_user(world: PlantedRuntime) -> None:
    world.add_filter("genre", "INCLUDE ItemID WHERE Items.GENRE IN ($G)")
    world.add_filter("seen", "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)")
    world.add_filter("grown", "EXCLUDE ItemID WHERE Items.PRICE > 2 IF CurrentUser.AGE < 18")
    assert (
        world.ids(campaignArn="next", userId="u1", filterArn="genre", filterValues={"G": '"small"'})
        == "i0 i2"
    )
    assert "i1" not in world.ids(campaignArn="next", userId="u1", filterArn="seen").split()
    assert len(world.ids(campaignArn="next", userId="u1", filterArn="seen").split()) == 8
    assert world.ids(campaignArn="next", userId="young", filterArn="grown") == "i0 i1 i2"
    assert len(world.ids(campaignArn="next", userId="u1", filterArn="grown").split()) == 10


def test_streamed_events_and_put_items_reach_filters_at_once(world: PlantedRuntime) -> None:
    world.add_filter("seen", 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")')
    world.add_filter("rare", 'INCLUDE ItemID WHERE Items.GENRE IN ("rare")')
    world.happened("u1", "i9")
    assert "i9" not in world.ids(campaignArn="next", userId="u1", filterArn="seen").split()
    assert world.ids(campaignArn="next", userId="u1", filterArn="rare") == ""
    world.put_items({"ITEM_ID": "i5", "GENRE": "rare", "PRICE": None})
    assert world.ids(campaignArn="next", userId="u1", filterArn="rare") == "i5"


def test_filters_see_the_newest_hundred_events_of_each_type(world: PlantedRuntime) -> None:
    world.add_filter("seen", 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")')
    world.happened("u9", "i0", *(["i1"] * 100), time=10_000)
    left_out = set(ITEMS) - set(world.ids(campaignArn="next", userId="u9", filterArn="seen").split())
    assert left_out == {"i1"}


def test_current_item_filters_related_items(world: PlantedRuntime) -> None:
    world.add_filter("cheaper", "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE")
    assert world.ids(campaignArn="after", itemId="i3", filterArn="cheaper") == "i0 i1 i2"


def test_current_item_is_for_related_items_only(world: PlantedRuntime) -> None:
    """Source: the developer guide, "Filter expression structure and elements", CurrentItem."""
    world.add_filter("cheaper", "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE")
    with pytest.raises(InvalidInputError, match="CurrentItem"):
        world.recommend(campaignArn="next", userId="u1", itemId="i3", filterArn="cheaper")
    with pytest.raises(InvalidInputError, match="CurrentItem"):
        world.rank(campaignArn="rank", userId="u1", inputList=["i3"], filterArn="cheaper")


def test_promotions_have_their_own_filter(world: PlantedRuntime) -> None:
    world.add_filter("odd", 'INCLUDE ItemID WHERE Items.GENRE IN ("odd")')
    world.add_filter("cheap", "INCLUDE ItemID WHERE Items.PRICE < $P")
    promotion = {
        "name": "cheap-ones",
        "percentPromotedItems": 50,
        "filterArn": "cheap",
        "filterValues": {"P": "2"},
    }
    result = world.recommend(
        campaignArn="next", userId="u1", numResults=4, filterArn="odd", promotions=[promotion]
    )["itemList"]
    assert [f["itemId"] for f in result if f.get("promotionName") == "cheap-ones"] == ["i0", "i1"]
    assert [f["itemId"] for f in result if "promotionName" not in f] == ["i3", "i5"]


def test_metadata_comes_as_strings_when_the_campaign_has_it_enabled(world: PlantedRuntime) -> None:
    world.deploy("rich", NextItem(), shows_metadata=True)
    world.put_items({"ITEM_ID": "i4", "GENRE": "changed"})
    request = {"userId": "u1", "numResults": 2, "metadataColumns": {"ITEMS": ["GENRE", "PRICE"]}}
    result = world.recommend(campaignArn="rich", **request)["itemList"]
    assert result[0]["metadata"] == {"genre": "odd", "price": "3.0"}
    assert result[1]["metadata"] == {"genre": "changed"}
    with pytest.raises(InvalidInputError, match="enableMetadataWithRecommendations"):
        world.recommend(campaignArn="next", **request)
    with pytest.raises(InvalidInputError, match="no column COLOUR; it has GENRE, ITEM_ID, PRICE"):
        world.recommend(campaignArn="rich", **{**request, "metadataColumns": {"ITEMS": ["COLOUR"]}})
    with pytest.raises(InvalidInputError, match="maximum is 50"):
        world.recommend(campaignArn="rich", **{**request, "numResults": 51})


def test_a_recommendation_id_leads_back_to_what_was_shown(world: PlantedRuntime) -> None:
    result = world.recommend(campaignArn="next", userId="u1", numResults=3)
    assert world.remembered[result["recommendationId"]] == ["i3", "i4", "i5"]


def test_domain_use_cases_leave_out_what_was_bought(world: PlantedRuntime) -> None:
    world.deploy("domain", NextItem(), hides_events=("buy",), requires=("userId",), is_recommender=True)
    assert "i2" not in world.ids(recommenderArn="domain", userId="u1").split()
    assert "i1" in world.ids(recommenderArn="domain", userId="u1").split()


def test_recommenders_show_no_scores(world: PlantedRuntime) -> None:
    """Source: the developer guide, "How recommendation scoring works (custom resources)"."""
    world.deploy("domain", NextItem(), is_recommender=True)
    listed = world.recommend(recommenderArn="domain", userId="u1")["itemList"]
    assert listed
    assert not any("score" in item for item in listed)
    assert all("score" in item for item in world.recommend(campaignArn="next", userId="u1")["itemList"])


REFUSED = [
    ({"userId": "u1"}, "Exactly one of campaignArn and recommenderArn"),
    ({"campaignArn": "next", "recommenderArn": "next", "userId": "u"}, "Exactly one"),
    ({"campaignArn": "next"}, "userId is required"),
    ({"campaignArn": "after", "userId": "u1"}, "itemId is required"),
    ({"campaignArn": "rank", "userId": "u1"}, "Use GetPersonalizedRanking"),
    ({"campaignArn": "next", "userId": "u1", "numResults": 501}, "maximum is 500"),
    ({"campaignArn": "next", "userId": "u1", "filterValues": {"A": "1"}}, "without a filterArn"),
    ({"campaignArn": "next", "userId": "u1", "filterArn": "f"}, "Missing values for filter parameters: G"),
    (
        {"campaignArn": "next", "userId": "u1", "filterArn": "f", "filterValues": {"G": "drama"}},
        "double quotes",
    ),
    ({"campaignArn": "next", "userId": "u1", "filterArn": "users"}, "filters UserID"),
    ({"campaignArn": "next", "userId": "u1", "promotions": [{"name": "p"}]}, "needs a filterArn"),
    ({"campaignArn": "next", "userId": "u1", "promotions": [{"filterArn": "f"}]}, "percentPromotedItems"),
]


@pytest.mark.parametrize(("params", "says"), REFUSED)
def test_wrong_requests_are_refused_with_the_reason(world: PlantedRuntime, params: dict, says: str) -> None:
    world.add_filter("f", "INCLUDE ItemID WHERE Items.GENRE IN ($G)")
    world.add_filter("users", "INCLUDE UserID WHERE Users.AGE > 3")
    with pytest.raises(InvalidInputError, match=says):
        world.recommend(**params)


def test_unknown_campaign_is_not_found(world: PlantedRuntime) -> None:
    with pytest.raises(ResourceNotFoundError):
        world.recommend(campaignArn="missing", userId="u")


def test_ranking_orders_the_list_and_leaves_unknown_items_last(world: PlantedRuntime) -> None:
    result = world.rank(campaignArn="rank", userId="u1", inputList=["x", "i9", "i3", "y", "i2", "i5"])
    assert [r["itemId"] for r in result["personalizedRanking"]] == ["i3", "i5", "i9", "i2", "x", "y"]
    scores = [r["score"] for r in result["personalizedRanking"]]
    assert scores[4:] == [0.0, 0.0]  # "getting a personalized ranking" in the developer guide
    assert sum(scores) == pytest.approx(1, abs=1e-6)


def test_ranking_filters_and_refuses(world: PlantedRuntime) -> None:
    world.add_filter("odd", 'INCLUDE ItemID WHERE Items.GENRE IN ("odd")')
    result = world.rank(campaignArn="rank", userId="u1", inputList=["i3", "i4", "i5", "x"], filterArn="odd")
    assert [r["itemId"] for r in result["personalizedRanking"]] == ["i3", "i5", "x"]
    with pytest.raises(InvalidInputError, match="at most 500"):
        world.rank(campaignArn="rank", userId="u1", inputList=["a"] * 501)
    with pytest.raises(InvalidInputError, match="PERSONALIZED_RANKING"):
        world.rank(campaignArn="next", userId="u1", inputList=["i1"])
    with pytest.raises(InvalidInputError, match="PERSONALIZED_ACTIONS"):
        requests.actions(world, {"campaignArn": "next", "userId": "u1"})


class Propensities(NextItem):
    score_kind = "propensity"

    def score(self, requests: Sequence[Request]) -> np.ndarray:
        return np.array([[0.75, 0.9, 0.0]] * len(requests), np.float32)


def test_actions_come_with_scores(world: PlantedRuntime) -> None:
    world.deploy("act", Propensities(["call", "mail", "new"]), "PERSONALIZED_ACTIONS")
    prepared = requests.actions(world, {"campaignArn": "act", "userId": "u9", "numResults": 3})
    scores, items = prepared.deployment.score([prepared.request])
    result = prepared.finish(scores[0], items)["actionList"]
    assert result == [
        {"actionId": "mail", "score": 0.9},
        {"actionId": "call", "score": 0.75},
        {"actionId": "new", "score": 0.0},
    ]
