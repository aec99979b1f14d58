"""The pictures of the report: metrics by run with what went live, data volumes, durations."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import matplotlib.dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from encore.config.models import DATASET_TYPES
from encore.metric_names import in_order, short_name
from encore.report.series import live_values, measured, popularity_values

Rows = Sequence[Mapping[str, Any]]

INK, PALE, GRID = "#1f2933", "#9aa5b1", "#e4e7eb"
COLOURS = {"promoted": "#18794e", "held": "#c77700", "failed": "#cd2b31"}
MARKS = {"promoted": "o", "held": "s", "failed": "X"}
DATA_COLOURS = ("#2563eb", "#7c3aed", "#0d9488", "#db2777", "#64748b", "#ca8a04", "#0891b2", "#4d7c0f")
WIDTH = 9.6
SMALL_PANELS = 4
SHORTEST_SPAN = 6  # days
TICKS = ["%Y", "%b %Y", "%-d %b", "%H:%M", "%H:%M", "%S"]  # years, months, days, hours, minutes, seconds


def metrics_over_time(rows: Rows, metric: str, solution: str) -> Figure:
    """One solution's metrics by run, `metric` large and first, every other that its versions have small below it."""
    own = [row for row in rows if row["solution"] == solution]
    known = {name for row in own for name in row["metrics"] or {}} - {metric}
    others = in_order(known)
    lines = -(-len(others) // SMALL_PANELS)
    figure = Figure(figsize=(WIDTH, 3.2 + 1.7 * lines), layout="constrained")
    grid = figure.add_gridspec(1 + lines, SMALL_PANELS, height_ratios=[3.2, *[1.7] * lines])
    _metric(
        figure.add_subplot(grid[0, :]),
        measured(rows, solution, metric),
        metric,
        f"{solution}: {short_name(metric)}",
    )
    for number, name in enumerate(others):
        line, column = divmod(number, SMALL_PANELS)
        panel = figure.add_subplot(grid[1 + line, column])
        _metric(panel, measured(rows, solution, name), name, short_name(name), small=True)
    return figure


def _metric(axes: Axes, own: Rows, metric: str, title: str, small: bool = False) -> None:
    """A metric of every version, what is live, and what the popular items would reach."""
    times = [row["recorded_at"] for row in own]
    axes.plot(times, [row["metrics"][metric] for row in own], color=PALE, linewidth=1, zorder=1)
    _live_line(axes, own, metric)
    popular = popularity_values(own, metric)
    if any(value is not None for value in popular):
        axes.plot(
            times,
            [math.nan if value is None else value for value in popular],
            color=INK,
            linestyle=":",
            linewidth=1.2,
            label="popular items",
        )
    for outcome, colour in COLOURS.items():
        selected = [row for row in own if row["outcome"] == outcome]
        if selected:
            axes.scatter(
                [row["recorded_at"] for row in selected],
                [row["metrics"][metric] for row in selected],
                s=9 if small else 42,
                color=colour,
                marker=MARKS[outcome],
                zorder=3,
                label=f"{outcome} ({len(selected)})",
            )
    finish(axes, title, legend=not small, ticks=3 if small else 10)
    axes.set_ylim(bottom=0)


def _live_line(axes: Axes, own: Rows, metric: str) -> None:
    """The metric of the version that was live after each run, as steps."""
    known = [
        (row["recorded_at"], value)
        for row, value in zip(own, live_values(own, metric), strict=True)
        if value is not None
    ]
    times, values = [when for when, _ in known], [value for _, value in known]
    if times:
        axes.step(
            times,
            values,
            where="post",
            color=COLOURS["promoted"],
            linewidth=2.2,
            alpha=0.55,
            label="live",
            zorder=2,
        )


def data_volumes(rows: Rows) -> Figure:
    """Rows imported by run, one panel for each dataset."""
    runs = _runs(rows)
    kinds = [kind for kind in DATASET_TYPES if any((row["rows"] or {}).get(kind) for row in runs)]
    figure = Figure(figsize=(WIDTH, 1.9 * max(len(kinds), 1)), layout="constrained")
    panels = figure.subplots(max(len(kinds), 1), 1, sharex=True, squeeze=False)[:, 0]
    for axes, kind, colour in zip(panels, kinds, itertools.cycle(DATA_COLOURS), strict=False):
        times = [row["recorded_at"] for row in runs]
        axes.bar(times, [(row["rows"] or {}).get(kind, 0) for row in runs], width=0.7, color=colour)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        finish(axes, f"rows of {kind}", legend=False)
    return figure


def durations(rows: Rows) -> Figure:
    """Minutes by step and run, stacked; a training counts once for each solution."""
    runs: dict[Any, dict[str, float]] = {}
    for row in rows:
        steps = runs.setdefault(row["recorded_at"], {})
        for step, seconds in (row["seconds"] or {}).items():
            name = f"train {row['solution']}" if step == "train" else step
            steps[name] = seconds / 60
    names = sorted({name for steps in runs.values() for name in steps})
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.subplots()
    bottom = [0.0] * len(runs)
    for number, name in enumerate(names):
        values = [steps.get(name, 0.0) for steps in runs.values()]
        axes.bar(
            list(runs),
            values,
            bottom=bottom,
            width=0.7,
            label=name,
            color=DATA_COLOURS[number % len(DATA_COLOURS)],
        )
        bottom = [low + value for low, value in zip(bottom, values, strict=True)]
    title = "minutes of work by step (steps of different solutions run side by side)"
    finish(axes, title, stacked=True)
    return figure


def png(figure: Figure) -> bytes:
    out = BytesIO()
    figure.savefig(out, format="png", dpi=160)
    return out.getvalue()


def _runs(rows: Rows) -> list[Mapping[str, Any]]:
    """One row a run: the first that tells of its data."""
    runs: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if row["rows"]:
            runs.setdefault(row["run_id"], row)
    return list(runs.values())


def finish(axes: Axes, title: str, legend: bool = True, stacked: bool = False, ticks: int = 10) -> None:
    """Title, grid, dates and legend as all pictures have them."""
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=INK, labelsize=8, length=0)
    axes.tick_params(axis="x", pad=6)
    first, last = axes.dataLim.intervalx  # without limits where nothing is drawn
    if math.isfinite(first) and last - first < SHORTEST_SPAN:
        # One run: its day among others, and neither its hours nor years around it.
        axes.set_xlim((first + last - SHORTEST_SPAN) / 2, (first + last + SHORTEST_SPAN) / 2)
    dates: Any = matplotlib.dates  # has no types
    locator = dates.AutoDateLocator(minticks=1 if ticks < 5 else 5, maxticks=ticks)
    axes.xaxis.set_major_locator(locator)
    # Each tick says day and month: the formatter's own way names the month once, in a corner, and only the last one.
    axes.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, formats=TICKS, zero_formats=TICKS, show_offset=False)
    )
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False, fontsize=8, reverse=stacked)
