"""Metrics over the versions of a solution, laid out for SVG: what goes where is computed here, how it looks is CSS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from encore.config.recommenders import is_use_case
from encore.metric_names import in_order, short_name
from encore.report import axes
from encore.report.series import live_values, measured, popularity_values
from encore.report.wording import number, outcome_word, prose, version, when

Row = Mapping[str, Any]
MOST_VERSIONS = 60
LARGE, SMALL = (1080, 300), (340, 220)


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
        return self.height - axes.BOTTOM


@dataclass(frozen=True)
class Measurements:
    """All charts of a solution or recommender: the metric that judges it for two widths of the window, and the others.

    :param rows: the newest first
    """

    name: str
    main: Chart
    narrow: Chart
    others: Sequence[Chart]
    metrics: Sequence[str]
    rows: Sequence[Row]

    @property
    def is_recommender(self) -> bool:
        return is_use_case(self.rows[0]["recipe"])


def measurements(rows: Sequence[Row], name: str, metric: str) -> Measurements | None:
    """The charts of the solution `name`; None if it has no measured version.

    :param rows: the history, oldest first
    :param metric: what the solution is judged by: it comes first
    """
    metrics = metrics_of(rows, name, metric)
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
    top, ticks = axes.scale([value for value in (*values, *live, *popular) if value is not None])
    xs, y = axes.columns(len(own), width), axes.heights(height, top)
    return Chart(
        metric,
        width,
        height,
        [Mark(x, y(value), row["outcome"]) for x, value, row in zip(xs, values, own, strict=True)],
        axes.path(xs, [y(value) for value in values]),
        axes.path(xs, [None if value is None else y(value) for value in live], steps=True),
        axes.path(xs, [None if value is None else y(value) for value in popular]),
        [(y(tick), f"{tick:.4g}") for tick in ticks],
        axes.days(xs, [row["recorded_at"] for row in own], width),
        json.dumps(
            [
                {"x": x, "y": y(value), "lines": _lines(row, metric, other, reached)}
                for x, value, row, other, reached in zip(xs, values, own, live, popular, strict=True)
            ]
        ),
        f"{short_name(metric)} of the last {len(own)} versions of {solution}, from {number(values[0])} to"
        f" {number(values[-1])}.",
    )


def _lines(row: Row, metric: str, live: float | None, popular: float | None) -> list[str]:
    lines = [
        f"{when(row['recorded_at'])}, {version(row['solution_version_arn'])}",
        f"{outcome_word(row)}: {short_name(metric)} {number(row['metrics'][metric])}",
    ]
    if outcome_word(row) in ("held", "failed") and live is not None:
        lines.append(f"live stayed {number(live)}")
    if popular is not None:
        lines.append(f"popular items {number(popular)}")
    return [*lines, prose(row["reason"]).replace("`", "")]  # a tip is text alone
