"""Deployments of campaigns: the engine loads the model, and answers with it from then on."""

from __future__ import annotations

import logging

from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError
from localpersonalize.resource_types import ACTIVE, CAMPAIGN, CREATE_FAILED, CREATE_IN_PROGRESS
from localpersonalize.resources import lifecycle
from localpersonalize.resources.campaigns import follow_latest
from localpersonalize.resources.context import Context
from localpersonalize.resources.updates import ended

log = logging.getLogger(__name__)
UPDATED_MEMBERS = ("solutionVersionArn", "minProvisionedTPS", "campaignConfig")


def deploy(context: Context, job: JobContext) -> None:
    campaign = lifecycle.begin(context, CAMPAIGN, job.arn)
    if campaign is None:
        return
    try:
        job.raise_fault()
    except TaskFailedError as error:
        with job.end(context.database):
            context.resources.change(CAMPAIGN, job.arn, status=CREATE_FAILED, failureReason=str(error))
        return
    job.wait_for_pace()
    context.engine.deploy(job.arn, campaign)
    with job.end(context.database):
        context.resources.change(CAMPAIGN, job.arn, status=ACTIVE)
        follow_latest(context, campaign["_solutionArn"])


def redeploy(context: Context, job: JobContext) -> None:
    campaign = context.resources.find(CAMPAIGN, job.arn)
    if campaign is None:
        return
    update = {**campaign["latestCampaignUpdate"], "status": CREATE_IN_PROGRESS}
    context.resources.change(CAMPAIGN, job.arn, latestCampaignUpdate=update)
    job.wait_for_pace()
    changes = {name: update[name] for name in UPDATED_MEMBERS if name in update}
    try:
        context.engine.deploy(job.arn, {**campaign, **changes})
    except Exception as error:
        log.exception("%s could not be updated", job.arn)
        failed = ended(update, CREATE_FAILED, failureReason=str(error))
        with job.end(context.database):  # the old version serves on
            context.resources.change(CAMPAIGN, job.arn, latestCampaignUpdate=failed)
        return
    well = {"status": ACTIVE, "failureReason": None, "_lostModel": None} if campaign.get("_lostModel") else {}
    with job.end(context.database):
        context.resources.change(CAMPAIGN, job.arn, latestCampaignUpdate=ended(update), **changes, **well)
        follow_latest(context, campaign["_solutionArn"])
