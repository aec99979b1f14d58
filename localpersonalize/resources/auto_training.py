"""Automatic training: a solution version every so many days, as a solution's schedule says.

The first one begins an hour after the solution is there, as in the service; each of the next ones when the schedule's
time has passed since the newest version began, whoever asked for that.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from localpersonalize.protocol.errors import ServiceError
from localpersonalize.resource_types import ACTIVE, SOLUTION, SOLUTION_VERSION
from localpersonalize.resources import solution_versions
from localpersonalize.resources.context import Context
from localpersonalize.resources.schedules import days

log = logging.getLogger(__name__)

FIRST_SECONDS = 3600
DAY_SECONDS = 86_400


def is_due(solution: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], now: float) -> bool:
    """Whether a solution's next automatic training is to begin.

    :param now: epoch seconds.
    """
    if not solution.get("performAutoTraining") or solution.get("status") != ACTIVE:
        return False
    if not versions:
        begin: float = solution["creationDateTime"] + FIRST_SECONDS
    else:
        newest: float = max(version["creationDateTime"] for version in versions)
        begin = newest + days(solution.get("solutionConfig", {})) * DAY_SECONDS
    return now >= begin


def begin_due_trainings(context: Context, now: float) -> list[str]:
    """Begin the trainings that are due; ARNs of the new versions."""
    begun = []
    for solution in context.resources.all(SOLUTION):
        versions = context.resources.all(SOLUTION_VERSION, solution["solutionArn"])
        if is_due(solution, versions, now):
            try:
                begun.append(solution_versions.begin_training(context, solution, training_type="AUTOMATIC"))
            except ServiceError as error:  # as many trainings as there may be; the next look finds it again
                log.info("%s is not trained now: %s", solution["solutionArn"], error.message)
    return begun
