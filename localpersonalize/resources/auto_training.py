"""Automatic training: a solution version every so many days, as a solution's schedule says.

The first one begins an hour after the solution is there, as in the service; each of the next ones when the schedule's
time has passed since the newest version began, whoever asked for that.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from localpersonalize.protocol.errors import InvalidInputError, ServiceError
from localpersonalize.resources import lifecycle, solution_versions

if TYPE_CHECKING:
    from localpersonalize.service import Service

log = logging.getLogger(__name__)

FIRST_SECONDS = 3600
DAY_SECONDS = 86_400
DEFAULT_DAYS = 7
MOST_DAYS = 30
_RATE = re.compile(r"rate\((\d+) days?\)")


def days(config: Mapping[str, Any]) -> int:
    """
    :param config: of a solution.
    :raises InvalidInputError: if its schedule is not `rate(1 day)` to `rate(30 days)`.
    """
    text = (config.get("autoTrainingConfig") or {}).get("schedulingExpression", f"rate({DEFAULT_DAYS} days)")
    found = _RATE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= MOST_DAYS:
        raise InvalidInputError(
            f"Invalid schedulingExpression {text}. Use rate(1 day) to rate({MOST_DAYS} days)."
        )
    return int(found[1])


def due(solution: Mapping[str, Any], versions: Sequence[Mapping[str, Any]], now: float) -> bool:
    """Whether a solution's next automatic training is to begin.

    :param now: epoch seconds.
    """
    if not solution.get("performAutoTraining") or solution.get("status") != lifecycle.ACTIVE:
        return False
    if not versions:
        return now >= solution["creationDateTime"] + FIRST_SECONDS
    newest = max(version["creationDateTime"] for version in versions)
    return now >= newest + days(solution.get("solutionConfig", {})) * DAY_SECONDS


def begin_what_is_due(service: Service, now: float) -> list[str]:
    """Begin the trainings that are due; ARNs of the new versions."""
    begun = []
    for solution in service.store.all("Solution"):
        if due(solution, service.store.all("SolutionVersion", solution["solutionArn"]), now):
            try:
                begun.append(solution_versions.begin(service, solution, training_type="AUTOMATIC"))
            except ServiceError as error:  # as many trainings as there may be; the next look finds it again
                log.info("%s is not trained now: %s", solution["solutionArn"], error.message)
    return begun
