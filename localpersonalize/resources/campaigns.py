"""Campaigns: an update loads the new version beside the old one, which serves until then."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.queue import job
from localpersonalize.protocol.errors import InUseError, InvalidInputError
from localpersonalize.resources import lifecycle
from localpersonalize.resources.registry import operation
from localpersonalize.resources.solution_versions import AFTER_TRAINING, require_trained

if TYPE_CHECKING:
    from localpersonalize.database import Body
    from localpersonalize.service import Service

log = logging.getLogger(__name__)
LATEST = "/$LATEST"


@operation("CreateCampaign")
def create(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    version_arn = resolve(service, params["solutionVersionArn"], params.get("campaignConfig"))
    version = require_trained(service, version_arn)
    arn = service.arn("campaign", params["name"])
    body = {
        "minProvisionedTPS": 1, **params, "solutionVersionArn": version_arn, "campaignArn": arn,
        "status": lifecycle.PENDING, "_solutionArn": version["solutionArn"],
        "_groupArn": version["datasetGroupArn"],
    }  # fmt: skip
    lifecycle.limit_number(service, "Campaign", version["datasetGroupArn"])
    with service.store.transaction():
        lifecycle.new(service, "Campaign", arn, body, params, parent=version["solutionArn"])
        service.jobs.submit("deploy", arn)
    return {"campaignArn": arn}


@operation("UpdateCampaign")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    campaign = lifecycle.require_active(service.require(params["campaignArn"], "Campaign"), "The campaign")
    if campaign.get("latestCampaignUpdate", {}).get("status", lifecycle.ACTIVE) not in lifecycle.STOPPED:
        raise InUseError("The campaign is being updated.")
    config = params.get("campaignConfig", campaign.get("campaignConfig"))
    version_arn = resolve(service, params.get("solutionVersionArn") or campaign["solutionVersionArn"], config)
    version = require_trained(service, version_arn)
    if version["solutionArn"] != campaign["_solutionArn"]:
        raise InvalidInputError("A campaign can only be updated to another version of the same solution.")
    provisioned = params.get("minProvisionedTPS") or campaign["minProvisionedTPS"]
    _begin_update(service, campaign, version_arn, provisioned, config)
    return {"campaignArn": params["campaignArn"]}


def _begin_update(
    service: Service, campaign: Body, version_arn: str, provisioned: int, config: Mapping[str, Any] | None
) -> None:
    now = time.time()
    update = {
        "solutionVersionArn": version_arn, "status": lifecycle.PENDING, "creationDateTime": now,
        "lastUpdatedDateTime": now,
        "minProvisionedTPS": provisioned, **({"campaignConfig": config} if config else {}),
    }  # fmt: skip
    with service.store.transaction():
        service.store.change(campaign["campaignArn"], latestCampaignUpdate=update)
        service.jobs.submit("redeploy", campaign["campaignArn"])


def follow_latest(service: Service, solution_arn: str) -> None:
    """Update the solution's campaigns that ask for it (`syncWithLatestSolutionVersion`) to its newest version."""
    trained = _trained(service, solution_arn)
    for campaign in service.store.all("Campaign", solution_arn):
        config = campaign.get("campaignConfig") or {}
        updating = (
            campaign.get("latestCampaignUpdate", {}).get("status", lifecycle.ACTIVE) not in lifecycle.STOPPED
        )
        behind = trained and campaign["solutionVersionArn"] != trained[-1]
        asked = config.get("syncWithLatestSolutionVersion") and campaign["status"] == lifecycle.ACTIVE
        if asked and behind and not updating:
            _begin_update(service, campaign, trained[-1], campaign["minProvisionedTPS"], config)


AFTER_TRAINING.append(follow_latest)


@job("deploy", minutes=9)
def deploy_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    campaign = lifecycle.begin(service, arn)
    if campaign is None:
        return
    details["_wait"]()
    service.runtime.deploy(arn, campaign)
    service.store.change(arn, status=lifecycle.ACTIVE)
    follow_latest(service, campaign["_solutionArn"])


@job("redeploy", minutes=9)
def redeploy_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    campaign = service.store.get(arn)
    if campaign is None:
        return
    update = {**campaign["latestCampaignUpdate"], "status": lifecycle.IN_PROGRESS}
    service.store.change(arn, latestCampaignUpdate=update)
    details["_wait"]()
    taken = {
        name: update[name]
        for name in ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")
        if name in update
    }
    try:
        service.runtime.deploy(arn, {**campaign, **taken})
    except Exception as error:
        log.exception("%s could not be updated", arn)
        failed = {
            **update,
            "status": lifecycle.FAILED,
            "failureReason": str(error),
            "lastUpdatedDateTime": time.time(),
        }
        service.store.change(arn, latestCampaignUpdate=failed)  # the old version serves on
        return
    done = {**update, "status": lifecycle.ACTIVE, "lastUpdatedDateTime": time.time()}
    service.store.change(arn, latestCampaignUpdate=done, **taken)
    follow_latest(service, campaign["_solutionArn"])


def resolve(service: Service, version_arn: str, config: Mapping[str, Any] | None) -> str:
    """The version that an ARN means: itself, or with `$LATEST` the newest ACTIVE one of its solution."""
    if not version_arn.endswith(LATEST):
        if (config or {}).get("syncWithLatestSolutionVersion"):
            raise InvalidInputError(
                "syncWithLatestSolutionVersion needs a solutionVersionArn in SolutionArn/$LATEST form."
            )
        return version_arn
    solution = service.require(version_arn.removesuffix(LATEST), "Solution")
    trained = _trained(service, solution["solutionArn"])
    if not trained:
        raise InvalidInputError("The solution has no ACTIVE version yet.")
    return trained[-1]


def _trained(service: Service, solution_arn: str) -> list[str]:
    """ARNs of a solution's ACTIVE versions, oldest first."""
    versions = service.store.all("SolutionVersion", solution_arn)
    return [
        str(version["solutionVersionArn"]) for version in versions if version["status"] == lifecycle.ACTIVE
    ]


lifecycle.AFTER_DELETE["Campaign"] = [lambda service, arn: service.runtime.withdraw(arn)]
