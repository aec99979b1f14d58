"""Campaigns: an update loads the new version beside the old one, which serves until then."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs import job
from localpersonalize.protocol.errors import InUse, InvalidInput
from localpersonalize.resources import kinds
from localpersonalize.resources.registry import operation
from localpersonalize.resources.solution_versions import require_trained

if TYPE_CHECKING:
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
        "status": kinds.PENDING, "_solutionArn": version["solutionArn"],
        "_groupArn": version["datasetGroupArn"],
    }  # fmt: skip
    kinds.limit_number(service, "Campaign", version["datasetGroupArn"])
    with service.store.transaction():
        kinds.new(service, "Campaign", arn, body, params, parent=version["solutionArn"])
        service.jobs.submit("deploy", arn)
    return {"campaignArn": arn}


@operation("UpdateCampaign")
def update(service: Service, params: dict[str, Any]) -> Mapping[str, Any]:
    campaign = kinds.require_active(service.require(params["campaignArn"], "Campaign"), "The campaign")
    if campaign.get("latestCampaignUpdate", {}).get("status", kinds.ACTIVE) not in kinds.STOPPED:
        raise InUse("The campaign is being updated.")
    config = params.get("campaignConfig", campaign.get("campaignConfig"))
    version_arn = resolve(service, params.get("solutionVersionArn") or campaign["solutionVersionArn"], config)
    version = require_trained(service, version_arn)
    if version["solutionArn"] != campaign["_solutionArn"]:
        raise InvalidInput("A campaign can only be updated to another version of the same solution.")
    now = time.time()
    update = {
        "solutionVersionArn": version_arn, "status": kinds.PENDING, "creationDateTime": now, "lastUpdatedDateTime": now,
        "minProvisionedTPS": params.get("minProvisionedTPS", campaign["minProvisionedTPS"]),
        **({"campaignConfig": config} if config else {}),
    }  # fmt: skip
    with service.store.transaction():
        service.store.change(params["campaignArn"], latestCampaignUpdate=update)
        service.jobs.submit("redeploy", params["campaignArn"])
    return {"campaignArn": params["campaignArn"]}


@job("deploy", minutes=9)
def deploy_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    campaign = service.store.change(arn, status=kinds.IN_PROGRESS)
    if campaign is None:
        return
    details["_wait"]()
    service.runtime.deploy(arn, campaign)
    service.store.change(arn, status=kinds.ACTIVE)


@job("redeploy", minutes=9)
def redeploy_job(service: Service, arn: str, details: dict[str, Any]) -> None:
    campaign = service.store.get(arn)
    if campaign is None:
        return
    update = {**campaign["latestCampaignUpdate"], "status": kinds.IN_PROGRESS}
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
            "status": kinds.FAILED,
            "failureReason": str(error),
            "lastUpdatedDateTime": time.time(),
        }
        service.store.change(arn, latestCampaignUpdate=failed)  # the old version serves on
        return
    done = {**update, "status": kinds.ACTIVE, "lastUpdatedDateTime": time.time()}
    service.store.change(arn, latestCampaignUpdate=done, **taken)


def resolve(service: Service, version_arn: str, config: Mapping[str, Any] | None) -> str:
    """The version that an ARN means: itself, or with `$LATEST` the newest ACTIVE one of its solution."""
    if not version_arn.endswith(LATEST):
        if (config or {}).get("syncWithLatestSolutionVersion"):
            raise InvalidInput(
                "syncWithLatestSolutionVersion needs a solutionVersionArn in SolutionArn/$LATEST form."
            )
        return version_arn
    solution = service.require(version_arn.removesuffix(LATEST), "Solution")
    versions = service.store.all("SolutionVersion", solution["solutionArn"])
    trained = [version for version in versions if version["status"] == kinds.ACTIVE]
    if not trained:
        raise InvalidInput("The solution has no ACTIVE version yet.")
    return str(trained[-1]["solutionVersionArn"])


kinds.AFTER_DELETE["Campaign"] = [lambda service, arn: service.runtime.withdraw(arn)]
