"""Scales, paths and dates of drawings, in the units of an SVG; the first run is on the left, zero at the bottom."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 24
ALONE = 24  # half of a line through one run
TICK_WIDTH = 74  # of a date below the axis
STEPS = (1, 2, 2.5, 5, 10)


def columns(count: int, width: float) -> list[float]:
    """The middles of as many columns of equal width, between the margins."""
    span = width - LEFT - RIGHT
    return [round(LEFT + span * (number + 0.5) / count, 1) for number in range(count)]


def heights(height: float, top: float) -> Callable[[float], float]:
    """Where a value is, on an axis from 0 to `top`."""

    def y(value: float) -> float:
        return round(TOP + (height - TOP - BOTTOM) * (1 - value / top), 1)

    return y


def scale(values: Sequence[float], top: float | None = None) -> tuple[float, list[float]]:
    """The top of an axis from 0 on, and its ticks, of round numbers; four of them to a `top` that is known."""
    if top is not None:
        return top, [top * number / 4 for number in range(5)]
    highest = max(values, default=0.0) or 1.0
    rough = highest / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in STEPS if size * factor >= rough)
    count = math.ceil(highest * 1.05 / step)
    return step * count, [step * number for number in range(count + 1)]


def path(xs: Sequence[float], ys: Sequence[float | None], *, steps: bool = False) -> str:
    """The `d` of a path; it breaks where there is no value. A single run has a short line, to be seen at all."""
    if len(xs) == 1 and ys[0] is not None:
        return f"M{xs[0] - ALONE} {ys[0]}h{2 * ALONE}"
    parts: list[str] = []
    is_down = False
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            parts.append((f"H{x}V{y}" if steps else f"L{x} {y}") if is_down else f"M{x} {y}")
        is_down = y is not None
    return "".join(parts)


def days(xs: Sequence[float], moments: Sequence[datetime], width: float) -> list[tuple[float, str]]:
    """Days below the axis, as many as there is room for, none of them twice."""
    every = max(math.ceil(len(moments) / max((width - LEFT - RIGHT) // TICK_WIDTH, 1)), 1)
    named = [
        (x, f"{moment:%-d %b}")
        for number, (x, moment) in enumerate(zip(xs, moments, strict=True))
        if number % every == 0
    ]
    return [(x, day) for number, (x, day) in enumerate(named) if number == 0 or named[number - 1][1] != day]
