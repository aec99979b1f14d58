"""The guide's way to next best actions, through boto3: datasets of actions, a campaign, recommendations, filters, and
what users did put one by one.

Sources: the developer guide, "Next-Best-Action recipe", "Real-time action recommendations" and "Action recommendation
filter expression examples".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.localpersonalize.calls import the_action_campaign
from tests.support.localpersonalize.live import until
from tests.support.localpersonalize.shop import Shop


@pytest.fixture(scope="module")
def campaign(shop: Shop) -> str:
    return the_action_campaign(shop)


def recommend(shop: Shop, campaign: str, user: str = "u1", **params: Any) -> list[dict[str, Any]]:
    runtime = shop.live.client("personalize-runtime")
    answer = runtime.get_action_recommendations(campaignArn=campaign, userId=user, **params)
    assert answer["recommendationId"]
    return list(answer["actionList"])


def filtered(shop: Shop, campaign: str, expression: str, user: str = "u1", **values: str) -> set[str]:
    live = shop.live
    arn = live.make("Filter", name="of-actions", datasetGroupArn=shop["group"], filterExpression=expression)
    listed = recommend(shop, campaign, user, filterArn=arn, filterValues=values)
    live.personalize.delete_filter(filterArn=arn)
    live.gone("Filter", arn)
    return {action["actionId"] for action in listed}


def test_actions_come_with_propensities_of_their_own(shop: Shop, campaign: str) -> None:
    actions = recommend(shop, campaign)
    scores = [action["score"] for action in actions]
    assert len(actions) == 5
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert sum(scores) > 1.5  # half of all were taken, and none is the share of another
    assert len(recommend(shop, campaign, numResults=2)) == 2


def test_filters_know_actions_and_what_users_did_with_them(shop: Shop, campaign: str) -> None:
    assert filtered(shop, campaign, 'INCLUDE ActionID WHERE Actions.KIND IN ("mail")') == {"a1", "a3"}
    by_value = "EXCLUDE ActionID WHERE Actions.KIND IN ($KIND)"
    assert filtered(shop, campaign, by_value, KIND='"mail"') == {"a0", "a2", "a4"}
    took = 'INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("TAKEN")'
    assert filtered(shop, campaign, took, user="somebody-new") == set()
    tracking = shop.live.personalize.describe_dataset(datasetArn=shop["dataset Action_Interactions"])
    event = {
        "actionId": "a2",
        "userId": "somebody-new",
        "sessionId": "s",
        "timestamp": 1_700_000_000,
        "eventType": "Taken",
    }
    shop.live.client("personalize-events").put_action_interactions(
        trackingId=tracking["dataset"]["trackingId"], actionInteractions=[event]
    )
    assert filtered(shop, campaign, took, user="somebody-new") == {"a2"}


def test_an_action_put_later_is_recommended_without_a_propensity(shop: Shop, campaign: str) -> None:
    shop.live.client("personalize-events").put_actions(
        datasetArn=shop["dataset Actions"], actions=[{"actionId": "later", "properties": '{"kind": "visit"}'}]
    )
    latest: dict[str, float] = {}

    def is_known() -> bool:
        latest.update(
            {action["actionId"]: action["score"] for action in recommend(shop, campaign, numResults=10)}
        )
        return "later" in latest

    until(is_known, "the new action", 20)
    assert latest["later"] == 0.0
