"""Numbers that requests carry as text: refused when they are sent, in whichever operation, not when a job reads them.

Sources: the developer guide, "User-Personalization recipe" (exploration) and "Configuring a solution" (event values).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from localpersonalize.protocol.errors import InvalidInputError

# By member: the least and the most that it may be.
RANGES: Mapping[str, tuple[float, float]] = {
    "eventValueThreshold": (-math.inf, math.inf),
    "explorationItemAgeCutOff": (0, math.inf),
    "explorationWeight": (0, 1),
}


def check_text_numbers(value: Any, path: str = "") -> None:
    """
    :raises InvalidInputError: naming the first member that is no number, or is out of its range.
    """
    if isinstance(value, Mapping):
        for name, member in value.items():
            where = f"{path}.{name}" if path else str(name)
            if name in RANGES and isinstance(member, str):
                _check(member, where, *RANGES[name])
            else:
                check_text_numbers(member, where)
    elif isinstance(value, list):
        for index, entry in enumerate(value, 1):
            check_text_numbers(entry, f"{path}.{index}")


def _check(text: str, where: str, least: float, most: float) -> None:
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not least <= number <= most:
        allowed = "a number" if math.isinf(least) else f"a number of at least {least:g}"
        raise InvalidInputError(
            f"{where} must be {allowed if math.isinf(most) else f'a number from {least:g} to {most:g}'}, not"
            f" '{text[:100]}'."
        )
