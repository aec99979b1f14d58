"""Campaigns and the version that they serve."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.resources.campaigns import follow_latest
from tests.support.localpersonalize.in_process import InProcessService

FOLLOWS = {"syncWithLatestSolutionVersion": True}


def campaign(service: InProcessService, version: str, **params: Any) -> str:
    return service.create("Campaign", name="front", solutionVersionArn=version, **params)


def test_latest_means_the_newest_trained_version(service: InProcessService) -> None:
    solution = service.solution(service.group())
    with pytest.raises(InvalidInputError, match="no ACTIVE version"):
        campaign(service, f"{solution}/$LATEST")
    trained = service.version(solution)
    service.version(solution, active=False)
    arn = campaign(service, f"{solution}/$LATEST", campaignConfig=FOLLOWS)
    assert service.call("DescribeCampaign", campaignArn=arn)["campaign"]["solutionVersionArn"] == trained


def test_only_what_names_the_latest_can_follow_it(service: InProcessService) -> None:
    version = service.version(service.solution(service.group()))
    with pytest.raises(InvalidInputError, match="LATEST"):
        campaign(service, version, campaignConfig=FOLLOWS)


def test_a_campaign_that_follows_is_updated_once(service: InProcessService) -> None:
    solution = service.solution(service.group())
    service.version(solution)
    arn = campaign(service, f"{solution}/$LATEST", campaignConfig=FOLLOWS)
    follow_latest(service.context, solution)
    assert ("redeploy", arn) not in service.queue.submitted
    service.version(solution)
    follow_latest(service.context, solution)
    follow_latest(service.context, solution)
    assert service.queue.submitted.count(("redeploy", arn)) == 1


def test_a_campaign_stays_with_its_solution(service: InProcessService) -> None:
    group = service.group()
    arn = campaign(service, service.version(service.solution(group)))
    other = service.version(service.solution(group, "other"))
    with pytest.raises(InvalidInputError, match="the same solution"):
        service.call("UpdateCampaign", campaignArn=arn, solutionVersionArn=other)
