"""How values are written for people: numbers, moments, versions and sentences about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from encore.config.recommenders import is_use_case
from encore.metric_names import NAMES

_ACCOUNT = re.compile(r"arn:[a-z-]+:personalize:[a-z0-9-]*:\d*:(solution|campaign|recommender)/")

ACTIVE, STOPPED = "active", "stopped"
#: A recommender is trained by the service: no gate promotes or holds it.
_OF_RECOMMENDER = {"promoted": ACTIVE, "held": STOPPED}


def number(value: float | None) -> str:
    """A metric or a count."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def when(time: datetime | None) -> str:
    return time.astimezone(UTC).strftime("%-d %b %Y, %H:%M UTC") if time else "–"


def prose(text: str | None) -> str:
    """A sentence with metrics by their short names, and versions by what follows the account in their ARNs."""
    text = _ACCOUNT.sub("", text or "")
    for name, short in NAMES.items():
        text = text.replace(name, short)
    return text


def version(arn: str | None) -> str:
    """The part of a version's ARN that tells it from others of its solution."""
    return arn.split("/")[-1] if arn else "–"


def outcome_word(row: Mapping[str, Any]) -> str:
    """What the outcome of a row of the history is called: of a recommender, whether it answers."""
    outcome: str = row["outcome"]
    return _OF_RECOMMENDER.get(outcome, outcome) if is_use_case(row["recipe"]) else outcome
