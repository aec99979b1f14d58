"""The schedule of a solution's automatic trainings: `rate(7 days)`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import InvalidInputError

DEFAULT_DAYS = 7
MAX_DAYS = 30
_RATE = re.compile(r"rate\((\d+) days?\)")


def days(config: Mapping[str, Any]) -> int:
    """
    :param config: of a solution.
    :raises InvalidInputError: if its schedule is not `rate(1 day)` to `rate(30 days)`.
    """
    text = (config.get("autoTrainingConfig") or {}).get("schedulingExpression", f"rate({DEFAULT_DAYS} days)")
    match = _RATE.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= MAX_DAYS:
        raise InvalidInputError(
            f"Invalid schedulingExpression {text}. Use rate(1 day) to rate({MAX_DAYS} days)."
        )
    return int(match[1])
