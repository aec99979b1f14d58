"""How far a step is that goes on, by how long it took the last time: the service itself does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from encore.page.render import duration

GOES_ON = ("running", "deferred")


def usual_seconds(past: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """How long steps took the last time that they were recorded, by what they are called on the page.

    :param past: the history, oldest first
    """
    return {
        f"train {row['solution']}" if step == "train" else step: seconds
        for row in past
        for step, seconds in (row["seconds"] or {}).items()
    }


def progress(name: str, state: str, passed: float | None, usual: Mapping[str, float]) -> str:
    """What share of its usual time a step has behind it and when it should end; empty where nothing is known.

    :param passed: seconds since its begin
    """
    if state not in GOES_ON or passed is None or not (whole := usual.get(name)):
        return ""
    if passed > whole:
        return f"longer than the usual {duration(whole)}"
    end = datetime.now(UTC) + timedelta(seconds=whole - passed)
    return f"{passed / whole:.0%} of the usual {duration(whole)}, until about {end:%H:%M} UTC"
