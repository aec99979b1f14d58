"""Deployments of campaigns."""

from __future__ import annotations

from typing import Any

import pytest

from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.jobs.deployment import deploy, redeploy
from tests.support.localpersonalize.in_process import InProcessService


@pytest.fixture
def deployed(service: InProcessService, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Versions that the engine was given to serve; `broken` can't be loaded."""
    versions: list[str] = []

    def load(arn: str, body: Any) -> None:
        if body["solutionVersionArn"] == "broken":
            raise ValueError("No model.")
        versions.append(body["solutionVersionArn"])

    monkeypatch.setattr(service.context.engine, "deploy", load)
    return versions


def campaign(service: InProcessService, version: str, active: bool) -> str:
    return service.create("Campaign", active, name="front", solutionVersionArn=version)


def test_a_campaign_is_active_once_the_engine_has_it(service: InProcessService, deployed: list[str]) -> None:
    version = service.version(service.solution(service.group()))
    arn = campaign(service, version, active=False)
    deploy(service.context, service.job("deploy", arn))
    assert (service.status(arn), deployed) == ("ACTIVE", [version])


def test_a_fault_that_was_asked_for_is_the_reason(service: InProcessService, deployed: list[str]) -> None:
    arn = campaign(service, service.version(service.solution(service.group())), active=False)
    faults = Faults([Fault(kind="job", operation="CreateCampaign", reason="No luck.")])
    deploy(service.context, service.job("deploy", arn, faults=faults))
    result = service.call("DescribeCampaign", campaignArn=arn)["campaign"]
    assert (result["status"], result["failureReason"], deployed) == ("CREATE FAILED", "No luck.", [])


@pytest.mark.parametrize(("to", "update"), [("other", "ACTIVE"), ("broken", "CREATE FAILED")])
def test_an_update_that_fails_leaves_the_old_version(
    service: InProcessService, deployed: list[str], to: str, update: str
) -> None:
    version = service.version(service.solution(service.group()))
    arn = campaign(service, version, active=True)
    latest = {"solutionVersionArn": to, "status": "CREATE PENDING", "minProvisionedTPS": 1}
    service.context.database.change(arn, latestCampaignUpdate=latest)
    redeploy(service.context, service.job("redeploy", arn))
    result = service.call("DescribeCampaign", campaignArn=arn)["campaign"]
    assert result["latestCampaignUpdate"]["status"] == update
    assert result["solutionVersionArn"] == (to if update == "ACTIVE" else version)
