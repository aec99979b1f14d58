"""The check of a campaign: what blames the version puts the earlier one back, all else moves nothing."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError, ConnectTimeoutError

from airflow_personalize.hooks import PersonalizeRuntimeHook
from encore.operators.verify_campaign import PersonalizeVerifyCampaignOperator
from tests.support.operator_runs import Task
from tests.support.stub_client import ARN, client, refusal

__all__ = ["client"]

CAMPAIGN, NEW, LIVE = f"{ARN}campaign/you", f"{ARN}solution/you/new", f"{ARN}solution/you/live"
DENIED = refusal("AccessDeniedException", "not authorized", 403)
SAYS_NOTHING_OF_THE_VERSION = [
    refusal("ThrottlingException"),
    refusal("TooManyRequestsException", status=429),
    refusal("ServiceUnavailable", status=503),
    ConnectTimeoutError(endpoint_url="http://x"),
    DENIED,
    refusal("UnrecognizedClientException", status=403),
    refusal("ExpiredTokenException", status=403),
]
BLAMES_THE_VERSION = [refusal("InvalidInputException"), refusal("ResourceNotFoundException")]


class Campaign:
    """A campaign that serves a version and answers, or refuses, as the test says."""

    def __init__(self, client: MagicMock, runtime: MagicMock) -> None:
        self.served, self.trouble = NEW, None
        self.control, self.runtime = client, runtime
        client.describe_campaign.side_effect = lambda **_: {"campaign": self.description()}
        client.update_campaign.side_effect = self.update
        client.describe_solution_version.return_value = {"solutionVersion": {"recipeArn": "arn:recipe"}}
        client.describe_recipe.return_value = {"recipe": {"recipeType": "USER_PERSONALIZATION", "name": "r"}}
        runtime.get_recommendations.side_effect = self.answer

    def description(self) -> dict[str, Any]:
        update = {"solutionVersionArn": self.served, "status": "ACTIVE"}
        return {
            "campaignArn": CAMPAIGN,
            "status": "ACTIVE",
            "solutionVersionArn": self.served,
            "latestCampaignUpdate": update,
        }

    def update(self, *, solutionVersionArn: str, **_: Any) -> None:
        self.served = solutionVersionArn

    def answer(self, *, userId: str, **_: Any) -> dict[str, Any]:
        if self.trouble and self.served == NEW:
            raise self.trouble
        return {"itemList": [{"itemId": f"{userId}-{position}"} for position in range(3)]}


@pytest.fixture
def campaign(client, monkeypatch) -> Campaign:
    runtime = MagicMock()
    monkeypatch.setattr(PersonalizeRuntimeHook, "conn", runtime)
    return Campaign(client, runtime)


def verify(monkeypatch, task: Task) -> Any:
    operator = PersonalizeVerifyCampaignOperator(
        task_id="verify",
        campaign_arn=CAMPAIGN,
        sample_location="s3://b/interactions",
        decision={"new": NEW, "live": LIVE},
        waiter_delay=0.01,
        deferrable=False,
    )
    rows = [{"user_id": f"u{number}", "item_id": f"i{number}"} for number in range(5)]
    monkeypatch.setattr(PersonalizeVerifyCampaignOperator, "_sample", rows)
    task.ti.xcom_pull = lambda task_ids, key, map_indexes: task.xcoms[key]
    return task.run(operator)


def task(retries: int = 2) -> Task:
    made = Task("verify")
    made.ti.max_tries = retries
    return made


def test_a_campaign_that_answers_passes(campaign, monkeypatch):
    assert "5 questions answered" in verify(monkeypatch, task())["summary"]
    assert campaign.served == NEW


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("trouble", SAYS_NOTHING_OF_THE_VERSION, ids=lambda error: type(error).__name__)
def test_trouble_that_says_nothing_of_the_version_moves_nothing(campaign, monkeypatch, trouble, retries):
    campaign.trouble = trouble
    with pytest.raises(type(trouble)):
        verify(monkeypatch, task(retries))
    assert campaign.served == NEW
    campaign.trouble = None
    assert verify(monkeypatch, task())["campaign_arn"] == CAMPAIGN


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied", "NoSuchBucket", "InternalError"])
def test_trouble_with_s3_moves_nothing(campaign, monkeypatch, code):
    s3 = MagicMock()
    s3.get_object.side_effect = s3.get_paginator.side_effect = s3.list_objects_v2.side_effect = refusal(code)
    monkeypatch.setattr(PersonalizeVerifyCampaignOperator, "s3", s3)
    operator = PersonalizeVerifyCampaignOperator(
        task_id="verify",
        campaign_arn=CAMPAIGN,
        sample_location="s3://b/interactions/",
        decision={"new": NEW, "live": LIVE},
    )
    with pytest.raises(ClientError, match=code):
        task(0).run(operator)
    assert campaign.served == NEW


@pytest.mark.parametrize("trouble", BLAMES_THE_VERSION)
def test_a_version_that_does_not_answer_gives_way_to_the_earlier_one(campaign, monkeypatch, trouble):
    campaign.trouble = trouble
    with pytest.raises(
        AirflowFailException, match=f"does not answer for u0.*It is back at {LIVE} and answers"
    ):
        verify(monkeypatch, task())
    assert campaign.served == LIVE


def test_an_internal_error_gives_way_only_when_it_has_not_passed_by_the_last_try(campaign, monkeypatch):
    campaign.trouble = refusal("InternalServerException", status=500)
    verification = task(retries=1)
    with pytest.raises(ClientError, match="InternalServerException"):
        verify(monkeypatch, verification)
    assert campaign.served == NEW
    with pytest.raises(AirflowFailException, match="It is back at"):
        verify(monkeypatch, verification)
    assert campaign.served == LIVE


def test_clearing_the_check_after_a_rollback_does_not_pass(campaign, monkeypatch):
    campaign.trouble = BLAMES_THE_VERSION[0]
    verification = task()
    with pytest.raises(AirflowFailException):
        verify(monkeypatch, verification)
    campaign.trouble = None
    verification.clear()
    with pytest.raises(
        AirflowFailException, match=rf"serves {LIVE}, not the new version {NEW}.*clear the task"
    ):
        verify(monkeypatch, verification)
