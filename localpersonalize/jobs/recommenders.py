"""Recommenders: trained when they are created, loaded by the engine until they are stopped."""

from __future__ import annotations

import logging

from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError, TaskStoppedError
from localpersonalize.resource_types import ACTIVE, CREATE_FAILED, INACTIVE, RECOMMENDER
from localpersonalize.resources import lifecycle
from localpersonalize.resources.context import Context
from localpersonalize.resources.updates import ended
from localpersonalize.runtime.use_cases import use_case

log = logging.getLogger(__name__)


def train(context: Context, job: JobContext) -> None:
    recommender = lifecycle.begin(context, RECOMMENDER, job.arn)
    if recommender is None:
        return
    case = use_case(recommender["recipeArn"])
    assert case is not None
    config = recommender["recommenderConfig"].get("trainingDataConfig")
    settings = {
        "recipeArn": f"arn:aws:personalize:::recipe/{case.recipe}",
        "eventType": case.event_type,
        "solutionConfig": {"trainingDataConfig": config} if config else {},
    }
    try:
        result = job.run_task(
            "train",
            on_progress=lambda text: log.info("%s: %s", job.arn, text),
            model_folder=str(context.model_folder(job.arn)),
            settings=settings,
        )
    except (TaskFailedError, TaskStoppedError) as error:
        with job.end(context.database):
            context.resources.change(RECOMMENDER, job.arn, status=CREATE_FAILED, failureReason=str(error))
        return
    job.wait_for_pace()
    context.engine.deploy(job.arn, recommender)
    with job.end(context.database):
        context.resources.change(RECOMMENDER, job.arn, status=ACTIVE, modelMetrics=result["metrics"])


def update(context: Context, job: JobContext) -> None:
    recommender = context.resources.find(RECOMMENDER, job.arn)
    if recommender is None:
        return
    job.wait_for_pace()
    latest = recommender["latestRecommenderUpdate"]
    config = {**recommender["recommenderConfig"], **latest["recommenderConfig"]}
    context.engine.deploy(job.arn, {**recommender, "recommenderConfig": config})
    with job.end(context.database):
        context.resources.change(
            RECOMMENDER, job.arn, recommenderConfig=config, latestRecommenderUpdate=ended(latest)
        )


def stop(context: Context, job: JobContext) -> None:
    context.resources.change(RECOMMENDER, job.arn, status="STOP IN_PROGRESS")
    context.engine.withdraw(job.arn)
    job.wait_for_pace()
    with job.end(context.database):
        context.resources.change(RECOMMENDER, job.arn, status=INACTIVE)


def start(context: Context, job: JobContext) -> None:
    recommender = context.resources.change(RECOMMENDER, job.arn, status="START IN_PROGRESS")
    job.wait_for_pace()
    if recommender is not None:
        context.engine.deploy(job.arn, recommender)
        with job.end(context.database):
            context.resources.change(RECOMMENDER, job.arn, status=ACTIVE)
