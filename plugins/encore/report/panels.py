"""Bars and lines over the runs, laid out for SVG: among them rows imported, and how long the steps took."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from encore.config.models import DATASET_TYPES
from encore.report import axes

Rows = Sequence[Mapping[str, Any]]
COLOURS = ("#2563eb", "#7c3aed", "#0d9488", "#db2777", "#64748b", "#ca8a04", "#0891b2", "#4d7c0f")
OTHERS = "others"
SIZES = ((1080, 170), (340, 150))  # for a broad and a narrow window
MOST_RUNS = 60
BROADEST = 40  # of a bar
LARGE = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Bar:
    """A bar, and what it says under the pointer."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    text: str


@dataclass(frozen=True)
class Line:
    """A line through the runs: `path` is the `d` of a path, `points` are where it is and what they say."""

    path: str
    points: Sequence[tuple[float, float, str]]
    colour: str


@dataclass(frozen=True)
class Drawing:
    """Bars and lines, in units of a drawing that is `width` by `height`."""

    width: int
    height: int
    y_ticks: Sequence[tuple[float, str]]
    x_ticks: Sequence[tuple[float, str]]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()


@dataclass(frozen=True)
class Panel:
    """The same over the runs, drawn for a broad and a narrow window.

    :param legend: colours and what they stand for; empty where the title says it
    """

    title: str
    broad: Drawing
    narrow: Drawing
    legend: Sequence[tuple[str, str]]


def stacked(
    title: str,
    moments: Sequence[datetime],
    series: Mapping[str, Sequence[float]],
    written: Callable[[float], str],
    *,
    axis: Callable[[float], str] | None = None,
    colours: Sequence[str] = COLOURS,
    top: float | None = None,
) -> Panel:
    """A bar for each run, of the values of each series one on top of the other; the newest runs alone.

    :param series: by name, a value for each run
    :param written: how a value is written
    :param axis: how it is written beside the axis, where there is little room; default: in the same way
    :param top: of the axis; default: a round number above all bars
    """
    newest = {name: values[-MOST_RUNS:] for name, values in series.items()}
    moments = moments[-MOST_RUNS:]
    highest, ticks = axes.scale([sum(values) for values in zip(*newest.values(), strict=True)], top)
    legend = list(zip(itertools.cycle(colours), newest, strict=False))

    def draw(width: int, height: int) -> Drawing:
        xs, y = axes.columns(len(moments), width), axes.heights(height, highest)
        thick = min(round((width - axes.LEFT - axes.RIGHT) * 0.7 / max(len(moments), 1), 1), BROADEST)
        bars, bottom = [], [0.0] * len(moments)
        for colour, name in legend:
            for number, (x, value) in enumerate(zip(xs, newest[name], strict=True)):
                end = bottom[number] + value
                text = f"{moments[number]:%-d %b %Y}, {name}: {written(value)}"
                size = round(y(bottom[number]) - y(end), 1)
                if value:
                    bars.append(Bar(round(x - thick / 2, 1), y(end), thick, size, colour, text))
                bottom[number] = end
        return Drawing(width, height, _ticks(ticks, y, axis or written), axes.days(xs, moments, width), bars)

    return _panel(title, draw, legend)


def lined(
    title: str,
    moments: Sequence[datetime],
    series: Mapping[str, Sequence[float | None]],
    written: Callable[[float], str],
) -> Panel:
    """A line for each series, which breaks where a run has no value; the newest runs alone."""
    newest = {name: values[-MOST_RUNS:] for name, values in series.items()}
    moments = moments[-MOST_RUNS:]
    highest, ticks = axes.scale(
        [value for values in newest.values() for value in values if value is not None]
    )
    legend = list(zip(itertools.cycle(COLOURS), newest, strict=False))

    def draw(width: int, height: int) -> Drawing:
        xs, y = axes.columns(len(moments), width), axes.heights(height, highest)
        lines = [
            Line(
                axes.path(xs, [None if value is None else y(value) for value in newest[name]]),
                [
                    (x, y(value), f"{moment:%-d %b %Y}, {name}: {written(value)}")
                    for x, value, moment in zip(xs, newest[name], moments, strict=True)
                    if value is not None
                ],
                colour,
            )
            for colour, name in legend
        ]
        return Drawing(width, height, _ticks(ticks, y, written), axes.days(xs, moments, width), lines=lines)

    return _panel(title, draw, legend)


def data_volumes(rows: Rows) -> list[Panel]:
    """Rows imported by run, one panel for each dataset."""
    runs = _runs(rows)
    kinds = [kind for kind in DATASET_TYPES if any(row["rows"].get(kind) for row in runs)]
    return [
        stacked(
            f"rows of {kind}",
            [row["recorded_at"] for row in runs],
            {kind: [float(row["rows"].get(kind) or 0) for row in runs]},
            count,
            axis=short_count,
            colours=[colour],
        )
        for kind, colour in zip(kinds, itertools.cycle(COLOURS), strict=False)
    ]


def durations(rows: Rows) -> list[Panel]:
    """Minutes by step and run, stacked; a training counts once for each solution. None where no step was timed."""
    runs: dict[Any, dict[str, float]] = {}
    for row in rows:
        steps = runs.setdefault(row["recorded_at"], {})
        for step, seconds in (row["seconds"] or {}).items():
            name = f"train {row['solution']}" if step == "train" else step
            steps[name] = seconds / 60
    names = sorted({name for steps in runs.values() for name in steps})
    series = {name: [steps.get(name, 0.0) for steps in runs.values()] for name in names}
    title = "minutes of work by step (steps of different solutions run side by side)"
    return [stacked(title, list(runs), series, lambda value: f"{value:.3g}")] if names else []


def count(value: float) -> str:
    return f"{value:,.0f}"


def short_count(value: float) -> str:
    """A count with as few digits as it needs: 400k, 2.5M."""
    size, letter = next(((size, letter) for size, letter in LARGE if value >= size), (1, ""))
    return f"{value / size:g}{letter}"


def _ticks(
    values: Sequence[float], y: Callable[[float], float], written: Callable[[float], str]
) -> list[tuple[float, str]]:
    return [(y(value), written(value)) for value in values]


def _panel(title: str, draw: Callable[[int, int], Drawing], legend: Sequence[tuple[str, str]]) -> Panel:
    broad, narrow = (draw(*size) for size in SIZES)
    return Panel(title, broad, narrow, legend if len(legend) > 1 else [])


def _runs(rows: Rows) -> list[Mapping[str, Any]]:
    """One row a run: the first that tells of its data."""
    runs: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["rows"]:
            runs.setdefault(row["run_id"], row)
    return list(runs.values())
