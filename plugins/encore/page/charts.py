"""Metrics over the versions of a solution, laid out for SVG: what goes where is computed here, how it looks is CSS."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from encore.config.models import Solution
from encore.metric_names import in_order, short_name
from encore.page.live import metric_of
from encore.page.render import number, prose, version, when
from encore.report.series import live_values, measured, popularity_values

Row = Mapping[str, Any]
MOST_VERSIONS = 60
LARGE, SMALL = (1080, 300), (340, 220)
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 24
ALONE = 24  # half of a line through one version
TICK_WIDTH = 74  # of a date below the axis
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Mark:
    """A version on a chart."""

    x: float
    y: float
    outcome: str


@dataclass(frozen=True)
class Chart:
    """A metric of a solution's versions, in units of a drawing that is `width` by `height`.

    :param versions: `line` through all of them, `live` along what was live, `popular` along what the popular reached
    :param points: JSON for the pointer: of each version `x`, `y` and `lines`, what is said of it
    """

    metric: str
    width: int
    height: int
    marks: Sequence[Mark]
    line: str
    live: str
    popular: str
    y_ticks: Sequence[tuple[float, str]]
    x_ticks: Sequence[tuple[float, str]]
    points: str
    description: str

    @property
    def baseline(self) -> float:
        return self.height - BOTTOM


@dataclass(frozen=True)
class Measurements:
    """All charts of a solution: the metric that it is judged by for two widths of the window, and the others.

    :param rows: the newest first
    """

    name: str
    main: Chart
    narrow: Chart
    others: Sequence[Chart]
    metrics: Sequence[str]
    rows: Sequence[Row]


def measurements(rows: Sequence[Row], solution: Solution) -> Measurements | None:
    """None for a solution that has no measured version."""
    name, metrics = solution.name, metrics_of(rows, solution.name, metric_of(solution))
    charts = [chart(rows, name, metric, *SMALL) for metric in metrics]
    main = chart(rows, name, metrics[0], *LARGE) if metrics else None
    if main is None or charts[0] is None:
        return None
    own = [row for row in rows if row["solution"] == name and row["metrics"]]
    others = [small for small in charts[1:] if small]
    return Measurements(name, main, charts[0], others, metrics, own[: -MOST_VERSIONS - 1 : -1])


def metrics_of(rows: Sequence[Row], solution: str, first: str) -> list[str]:
    """The metrics that a solution's versions have: the one it is judged by, then the others."""
    known = {name for row in rows if row["solution"] == solution for name in row["metrics"] or {}}
    return [first] * (first in known) + in_order(known - {first})


def chart(rows: Sequence[Row], solution: str, metric: str, width: int, height: int) -> Chart | None:
    """The newest versions that have the metric, the oldest on the left; None if there are none.

    :param rows: the history, oldest first
    """
    own = measured(rows, solution, metric)
    live, popular = live_values(own, metric), popularity_values(own, metric)
    own, live, popular = own[-MOST_VERSIONS:], live[-MOST_VERSIONS:], popular[-MOST_VERSIONS:]
    if not own:
        return None
    values = [float(row["metrics"][metric]) for row in own]
    top, ticks = _scale([value for value in (*values, *live, *popular) if value is not None])
    span = width - LEFT - RIGHT
    xs = [round(LEFT + span * (number + 0.5) / len(own), 1) for number in range(len(own))]

    def y(value: float) -> float:
        return round(TOP + (height - TOP - BOTTOM) * (1 - value / top), 1)

    return Chart(
        metric,
        width,
        height,
        [Mark(x, y(value), row["outcome"]) for x, value, row in zip(xs, values, own, strict=True)],
        _path(xs, [y(value) for value in values]),
        _path(xs, [None if value is None else y(value) for value in live], steps=True),
        _path(xs, [None if value is None else y(value) for value in popular]),
        [(y(tick), f"{tick:.4g}") for tick in ticks],
        _dates(xs, own, span),
        json.dumps(
            [
                {"x": x, "y": y(value), "lines": _lines(row, metric, other, reached)}
                for x, value, row, other, reached in zip(xs, values, own, live, popular, strict=True)
            ]
        ),
        f"{short_name(metric)} of the last {len(own)} versions of {solution}, from {number(values[0])} to"
        f" {number(values[-1])}. Arrow keys go from version to version.",
    )


def _lines(row: Row, metric: str, live: float | None, popular: float | None) -> list[str]:
    lines = [
        f"{when(row['recorded_at'])}, {version(row['solution_version_arn'])}",
        f"{row['outcome']}: {short_name(metric)} {number(row['metrics'][metric])}",
    ]
    if row["outcome"] != "promoted" and live is not None:
        lines.append(f"live stayed {number(live)}")
    if popular is not None:
        lines.append(f"popular items {number(popular)}")
    return [*lines, prose(row["reason"]).replace("`", "")]  # a tip is text alone


def _scale(values: Sequence[float]) -> tuple[float, list[float]]:
    """The top of an axis from 0 on, and its ticks, of round numbers."""
    highest = max(values) or 1.0
    rough = highest / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in STEPS if size * factor >= rough)
    count = math.ceil(highest * 1.05 / step)
    return step * count, [step * number for number in range(count + 1)]


def _path(xs: Sequence[float], ys: Sequence[float | None], *, steps: bool = False) -> str:
    """The `d` of a path; it breaks where there is no value. A single version has a short line, to be seen at all."""
    if len(xs) == 1 and ys[0] is not None:
        return f"M{xs[0] - ALONE} {ys[0]}h{2 * ALONE}"
    parts: list[str] = []
    is_down = False
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            parts.append((f"H{x}V{y}" if steps else f"L{x} {y}") if is_down else f"M{x} {y}")
        is_down = y is not None
    return "".join(parts)


def _dates(xs: Sequence[float], own: Sequence[Row], span: float) -> list[tuple[float, str]]:
    """Days below the axis, as many as there is room for, none of them twice."""
    every = max(math.ceil(len(own) / max(span // TICK_WIDTH, 1)), 1)
    days = [
        (x, f"{row['recorded_at']:%-d %b}")
        for number, (x, row) in enumerate(zip(xs, own, strict=True))
        if number % every == 0
    ]
    return [(x, day) for number, (x, day) in enumerate(days) if number == 0 or days[number - 1][1] != day]
