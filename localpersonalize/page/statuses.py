"""How the states of resources look, in which order they matter, and when something happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

Tone = Literal["well", "busy", "failed", "off"]

MINUTE, HOUR, DAY = 60, 3600, 86_400


def tone(status: str) -> Tone:
    """What a state of the service means to who looks at it."""
    if status.endswith("FAILED"):
        return "failed"
    if status in ("ACTIVE", "COMPLETED"):
        return "well"
    if status in ("INACTIVE", "CREATE STOPPED"):
        return "off"
    return "busy"


def sentence(status: str) -> str:
    """A state as words: `CREATE IN_PROGRESS` -> `create in progress`."""
    return status.replace("_", " ").lower()


def moment(seconds: float) -> str:
    """Epoch seconds as a date and time of UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """`4 s`, `3 min 20 s`, `2 h 5 min`, `3 days`."""
    whole = max(0, round(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min" + (f" {whole % MINUTE} s" if whole % MINUTE else "")
    if whole < 2 * DAY:
        return f"{whole // HOUR} h" + (f" {whole % HOUR // MINUTE} min" if whole % HOUR // MINUTE else "")
    return f"{whole // DAY} days"


def ago(seconds: float, now: float) -> str:
    """How long before `now` something was, in its largest unit."""
    passed = max(0, round(now - seconds))
    if passed < MINUTE:
        return "just now"
    for size, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if passed >= size:
            number = passed // size
            return f"{number} {unit}{'' if number == 1 else 's'} ago"
    return "just now"
