"""The guide's way to trending items, through boto3: a solution with a discovery frequency, a campaign, and events put
while it serves. Source: the developer guide, "Trending-Now recipe".
"""

from __future__ import annotations

from datetime import UTC, datetime

from tests.support.localpersonalize.live import until
from tests.support.localpersonalize.shop import RECIPE, Shop


def test_events_put_while_a_campaign_serves_make_items_trend(shop: Shop) -> None:
    live = shop.live
    solution = live.make(
        "Solution",
        name="trending",
        datasetGroupArn=shop["group"],
        recipeArn=RECIPE + "aws-trending-now",
        performAutoTraining=False,
        solutionConfig={"featureTransformationParameters": {"trend_discovery_frequency": "30 minutes"}},
    )
    version = live.make("SolutionVersion", solutionArn=solution)
    metrics = live.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    assert "trend_prediction_accuracy" in metrics
    campaign = live.make("Campaign", name="trending", solutionVersionArn=version)
    runtime, events = live.client("personalize-runtime"), live.client("personalize-events")

    def first() -> str:
        return str(runtime.get_recommendations(campaignArn=campaign, numResults=1)["itemList"][0]["itemId"])

    for item in ("i13", "brand-new"):
        assert first() != item
        for user in range(12 if item == "i13" else 30):
            event = {"eventType": "Purchase", "itemId": item, "sentAt": datetime.now(UTC)}
            events.put_events(
                trackingId=shop["tracking id"], userId=f"fan{user}", sessionId=f"s{user}", eventList=[event]
            )
        until(lambda: first() == item, f"{item} to trend", 30)  # noqa: B023 - called at once
    live.personalize.delete_campaign(campaignArn=campaign)
    live.gone("Campaign", campaign)
