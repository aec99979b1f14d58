"""Deployments of campaigns."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.jobs.deployment import deploy, redeploy
from tests.support.localpersonalize.contexts import Desk


@pytest.fixture
def deployed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Versions that the engine was given to serve; `broken` can't be loaded."""
    versions: list[str] = []

    def load(arn: str, body: Any) -> None:
        if body["solutionVersionArn"] == "broken":
            raise ValueError("No model.")
        versions.append(body["solutionVersionArn"])

    monkeypatch.setattr(desk.context.engine, "deploy", load)
    return versions


def campaign(desk: Desk, version: str, active: bool) -> str:
    return desk.create("Campaign", active, name="front", solutionVersionArn=version)


def test_a_campaign_is_active_once_the_engine_has_it(desk: Desk, deployed: list[str]) -> None:
    version = desk.version(desk.solution(desk.group()))
    arn = campaign(desk, version, active=False)
    deploy(desk.context, desk.job("deploy", arn))
    assert (desk.status(arn), deployed) == ("ACTIVE", [version])


def test_a_fault_that_was_asked_for_is_the_reason(desk: Desk, deployed: list[str]) -> None:
    arn = campaign(desk, desk.version(desk.solution(desk.group())), active=False)
    faults = Faults([Fault(kind="job", operation="CreateCampaign", reason="No luck.")])
    deploy(desk.context, desk.job("deploy", arn, faults=faults))
    found = desk.call("DescribeCampaign", campaignArn=arn)["campaign"]
    assert (found["status"], found["failureReason"], deployed) == ("CREATE FAILED", "No luck.", [])


@pytest.mark.parametrize(("to", "update"), [("other", "ACTIVE"), ("broken", "CREATE FAILED")])
def test_an_update_that_fails_leaves_the_old_version(
    desk: Desk, deployed: list[str], to: str, update: str
) -> None:
    version = desk.version(desk.solution(desk.group()))
    arn = campaign(desk, version, active=True)
    latest = {"solutionVersionArn": to, "status": "CREATE PENDING", "minProvisionedTPS": 1}
    desk.context.database.change(arn, latestCampaignUpdate=latest)
    redeploy(desk.context, desk.job("redeploy", arn))
    found = desk.call("DescribeCampaign", campaignArn=arn)["campaign"]
    assert found["latestCampaignUpdate"]["status"] == update
    assert found["solutionVersionArn"] == (to if update == "ACTIVE" else version)
