"""How values are written for people: numbers, moments, versions and sentences about them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from encore.metric_names import NAMES

_ACCOUNT = re.compile(r"arn:[a-z-]+:personalize:[a-z0-9-]*:\d*:(solution|campaign)/")


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
