"""Trainings of solution versions: a worker trains, and campaigns that follow the newest version are updated."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from localpersonalize.jobs.job import JobContext
from localpersonalize.jobs.task_runner import TaskFailedError, TaskStoppedError
from localpersonalize.resource_types import (
    ACTIVE,
    CREATE_FAILED,
    CREATE_IN_PROGRESS,
    CREATE_PENDING,
    CREATE_STOPPED,
    CREATE_STOPPING,
    SOLUTION_VERSION,
    SolutionVersion,
)
from localpersonalize.resources.campaigns import follow_latest
from localpersonalize.resources.context import Context
from localpersonalize.resources.latest_version import change_version

log = logging.getLogger(__name__)


def train(context: Context, job: JobContext) -> None:
    arn = job.arn
    version = context.resources.find(SOLUTION_VERSION, arn)
    if version is None or version["status"] not in (CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_STOPPING):
        return
    if version["status"] == CREATE_STOPPING:  # the service was killed while it stopped
        change_version(context, arn, status=CREATE_STOPPED)
        return
    change_version(context, arn, status=CREATE_IN_PROGRESS)
    try:
        result = job.run_task(
            "train",
            on_progress=lambda text: log.info("%s: %s", arn.split("solution/")[-1], text),
            model_folder=str(context.model_folder(arn)),
            previous_model=_previous_model(context, version),
        )
    except TaskStoppedError:
        with job.end(context.database):
            change_version(context, arn, status=CREATE_STOPPED)
        return
    except TaskFailedError as error:
        with job.end(context.database):
            change_version(context, arn, status=CREATE_FAILED, failureReason=str(error))
        return
    job.wait_for_pace()
    with job.end(context.database):
        _conclude(context, version, result)


def _conclude(context: Context, version: SolutionVersion, result: Mapping[str, Any]) -> None:
    """Show the result of a training, unless it was stopped at its very end."""
    arn = version["solutionVersionArn"]
    current = context.resources.find(SOLUTION_VERSION, arn)
    if current and current["status"] == CREATE_STOPPING:
        change_version(context, arn, status=CREATE_STOPPED)
        return
    tuned = result.get("best_hyperparameters")
    change_version(
        context,
        arn,
        status=ACTIVE,
        trainingHours=result["training_hours"],
        tunedHPOParams={"algorithmHyperParameters": tuned} if tuned else None,
        _metrics=result["metrics"],
        _baseline=result["baseline"],
    )
    follow_latest(context, version["solutionArn"])


def _previous_model(context: Context, version: SolutionVersion) -> str | None:
    """The model that an UPDATE starts from: that of the newest ACTIVE version."""
    if version["trainingMode"] != "UPDATE":
        return None
    trained = [
        other["solutionVersionArn"]
        for other in context.resources.all(SOLUTION_VERSION, version["solutionArn"])
        if other["status"] == ACTIVE
    ]
    return str(context.model_folder(trained[-1])) if trained else None
