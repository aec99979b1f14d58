"""Campaigns: an update loads the new version beside the old one, which serves until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import InvalidInputError
from localpersonalize.recipes.registry import recipe
from localpersonalize.resource_types import (
    ACTIVE,
    CAMPAIGN,
    SOLUTION,
    SOLUTION_VERSION,
    Campaign,
    SolutionVersion,
)
from localpersonalize.resources import lifecycle
from localpersonalize.resources.configurations import check_exploration
from localpersonalize.resources.context import Answer, Context, Params
from localpersonalize.resources.solution_versions import require_trained
from localpersonalize.resources.updates import is_updating, new_update, require_no_update

LATEST = "/$LATEST"
UPDATABLE = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")


def create(context: Context, params: Params) -> Answer:
    version_arn = resolve(context, params["solutionVersionArn"], params.get("campaignConfig"))
    version = require_trained(context, version_arn)
    arn = context.account.arn(CAMPAIGN.name, params["name"])
    body = {
        "minProvisionedTPS": 1,
        **params,
        "solutionVersionArn": version_arn,
        "_solutionArn": version["solutionArn"],
        "_groupArn": version["datasetGroupArn"],
    }
    _check_config(version, params.get("campaignConfig"))
    lifecycle.limit_number(context, CAMPAIGN, version["datasetGroupArn"])
    lifecycle.create(context, CAMPAIGN, arn, body, parent=version["solutionArn"], job="deploy")
    return {"campaignArn": arn}


def update(context: Context, params: Params) -> Answer:
    campaign = context.resources.require(CAMPAIGN, params["campaignArn"])
    if not campaign.get("_lostModel"):
        lifecycle.require_active(campaign, "The campaign")
    require_no_update(campaign, "The campaign")
    if not any(name in params for name in UPDATABLE):
        raise InvalidInputError(f"The update changes nothing. Give one of {', '.join(UPDATABLE)}.")
    config = params.get("campaignConfig", campaign.get("campaignConfig"))
    version_arn = resolve(context, params.get("solutionVersionArn") or campaign["solutionVersionArn"], config)
    version = require_trained(context, version_arn)
    if version["solutionArn"] != campaign["_solutionArn"]:
        raise InvalidInputError("A campaign can only be updated to another version of the same solution.")
    _check_config(version, config)
    provisioned = params.get("minProvisionedTPS") or campaign["minProvisionedTPS"]
    _begin_update(context, campaign, version_arn, provisioned, config)
    return {"campaignArn": params["campaignArn"]}


def follow_latest(context: Context, solution_arn: str) -> None:
    """Update the solution's campaigns that ask for it (`syncWithLatestSolutionVersion`) to its newest version."""
    trained = _trained(context, solution_arn)
    for campaign in context.resources.all(CAMPAIGN, solution_arn):
        config = campaign.get("campaignConfig") or {}
        is_open = campaign["status"] == ACTIVE or campaign.get("_lostModel")
        follows = config.get("syncWithLatestSolutionVersion") and is_open
        behind = trained and campaign["solutionVersionArn"] != trained[-1]
        if follows and behind and not is_updating(campaign):
            _begin_update(context, campaign, trained[-1], campaign["minProvisionedTPS"], config)


def resolve(context: Context, version_arn: str, config: Mapping[str, Any] | None) -> str:
    """The version that an ARN means: itself, or with `$LATEST` the newest ACTIVE one of its solution."""
    if not version_arn.endswith(LATEST):
        if (config or {}).get("syncWithLatestSolutionVersion"):
            raise InvalidInputError(
                "syncWithLatestSolutionVersion needs a solutionVersionArn in SolutionArn/$LATEST form."
            )
        return version_arn
    solution = context.resources.require(SOLUTION, version_arn.removesuffix(LATEST))
    trained = _trained(context, solution["solutionArn"])
    if not trained:
        raise InvalidInputError("The solution has no ACTIVE version yet.")
    return trained[-1]


def _check_config(version: SolutionVersion, config: Mapping[str, Any] | None) -> None:
    """
    :raises InvalidInputError: if the version's recipe does not do what the configuration asks for.
    """
    trained = recipe(version["recipeArn"])
    check_exploration(config, trained.explores, trained.name)


def _begin_update(
    context: Context, campaign: Campaign, version_arn: str, provisioned: int, config: Mapping[str, Any] | None
) -> None:
    latest = new_update(
        solutionVersionArn=version_arn,
        minProvisionedTPS=provisioned,
        **({"campaignConfig": config} if config else {}),
    )
    with context.database.transaction():
        context.resources.change(CAMPAIGN, campaign["campaignArn"], latestCampaignUpdate=latest)
        context.jobs.submit("redeploy", campaign["campaignArn"])


def _trained(context: Context, solution_arn: str) -> list[str]:
    """ARNs of a solution's ACTIVE versions, oldest first."""
    versions = context.resources.all(SOLUTION_VERSION, solution_arn)
    return [version["solutionVersionArn"] for version in versions if version["status"] == ACTIVE]
