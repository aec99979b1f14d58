"""Campaigns and the version that they serve."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.campaigns import follow_latest
from tests.support.localpersonalize.contexts import Desk

FOLLOWS = {"syncWithLatestSolutionVersion": True}


def campaign(desk: Desk, version: str, **params: Any) -> str:
    return desk.create("Campaign", name="front", solutionVersionArn=version, **params)


def test_latest_means_the_newest_trained_version(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    with pytest.raises(InvalidInputError, match="no ACTIVE version"):
        campaign(desk, f"{solution}/$LATEST")
    trained = desk.version(solution)
    desk.version(solution, active=False)
    arn = campaign(desk, f"{solution}/$LATEST", campaignConfig=FOLLOWS)
    assert desk.call("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == trained


def test_only_what_names_the_latest_can_follow_it(desk: Desk) -> None:
    version = desk.version(desk.solution(desk.group()))
    with pytest.raises(InvalidInputError, match="LATEST"):
        campaign(desk, version, campaignConfig=FOLLOWS)


def test_a_campaign_that_follows_is_updated_once(desk: Desk) -> None:
    solution = desk.solution(desk.group())
    desk.version(solution)
    arn = campaign(desk, f"{solution}/$LATEST", campaignConfig=FOLLOWS)
    follow_latest(desk.context, solution)
    assert ("redeploy", arn) not in desk.queue.submitted
    desk.version(solution)
    follow_latest(desk.context, solution)
    follow_latest(desk.context, solution)
    assert desk.queue.submitted.count(("redeploy", arn)) == 1


def test_a_campaign_stays_with_its_solution(desk: Desk) -> None:
    group = desk.group()
    arn = campaign(desk, desk.version(desk.solution(group)))
    other = desk.version(desk.solution(group, "other"))
    with pytest.raises(InvalidInputError, match="the same solution"):
        desk.call("UpdateCampaign", campaignArn=arn, solutionVersionArn=other)
