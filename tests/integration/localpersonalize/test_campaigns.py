"""Campaigns that follow their solution's newest version, and what may not be deployed."""

from __future__ import annotations

from tests.support.localpersonalize.calls import own_solution
from tests.support.localpersonalize.live import code, until
from tests.support.localpersonalize.shop import Shop


def test_a_campaign_follows_the_newest_version(shop: Shop) -> None:
    live, solution = shop.live, own_solution(shop, "followed")
    first = live.make("SolutionVersion", solutionArn=solution)
    sync = {"syncWithLatestSolutionVersion": True}
    campaign = live.make(
        "Campaign", name="follows", solutionVersionArn=solution + "/$LATEST", campaignConfig=sync
    )
    assert live.wait("Campaign", campaign)["solutionVersionArn"] == first
    second = live.make("SolutionVersion", solutionArn=solution)
    until(lambda: live.wait("Campaign", campaign)["solutionVersionArn"] == second, "the newer version")
    update = live.wait("Campaign", campaign)["latestCampaignUpdate"]
    assert (update["status"], update["solutionVersionArn"]) == ("ACTIVE", second)
    latest = live.wait("Solution", solution)["latestSolutionVersion"]
    assert (latest["solutionVersionArn"], latest["status"]) == (second, "ACTIVE")
    live.personalize.delete_campaign(campaignArn=campaign)
    live.gone("Campaign", campaign)


def test_what_may_not_be_deployed(shop: Shop) -> None:
    client, solution = shop.live.personalize, own_solution(shop, "untrained")

    def create(arn: str, **config: bool) -> str:
        return code(lambda: client.create_campaign(name="no", solutionVersionArn=arn, campaignConfig=config))

    assert create(solution + "/$LATEST") == "InvalidInputException"
    assert create(solution + "/00000000") == "ResourceNotFoundException"
    assert create(shop["version"], syncWithLatestSolutionVersion=True) == "InvalidInputException"


def test_an_update_to_a_version_of_another_solution_is_refused(shop: Shop) -> None:
    other = shop.live.make("SolutionVersion", solutionArn=own_solution(shop, "another"))
    client = shop.live.personalize
    wrong = code(lambda: client.update_campaign(campaignArn=shop["campaign"], solutionVersionArn=other))
    assert wrong == "InvalidInputException"
