"""What was read of a metric attribution: sums by metric, source and hour, and how often campaigns were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

DAYS = 14  # that are looked back on: CloudWatch lists what had values in the last two weeks
HOUR = timedelta(hours=1)
UNDEFINED_SOURCE = "SOURCE_NAME_UNDEFINED"  # the service's name for events without a source

Sums = Mapping[tuple[str, str, datetime], float]
"""By metric (in capitals, as the service reports it), source (an ARN or a name), and the hour, UTC."""
Requests = Mapping[tuple[str, datetime], float]
"""Answered requests by the ARN of the campaign, and the hour, UTC."""


@dataclass(frozen=True)
class Readings:
    """
    :param problems: why something could not be read, a sentence each
    """

    sums: Sums = field(default_factory=dict)
    requests: Requests = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def hour_of(seconds: float) -> datetime:
    """The hour of epoch seconds."""
    return datetime.fromtimestamp(seconds, UTC).replace(minute=0, second=0, microsecond=0)


def window(now: datetime) -> tuple[datetime, datetime]:
    """What is looked back on: from a whole hour to the end of the one that `now` is in."""
    until = hour_of(now.timestamp()) + HOUR
    return until - timedelta(days=DAYS), until


def merged(cloudwatch: Readings, reports: Sums) -> Readings:
    """One event may be in both, so nothing is added up: reports count for the hours of which CloudWatch has nothing."""
    return Readings({**reports, **cloudwatch.sums}, cloudwatch.requests, cloudwatch.problems)
