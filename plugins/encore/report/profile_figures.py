"""The picture of the data itself: rows, shares of nulls and mixes of values, by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from airflow_personalize.export.statistics.profile import ColumnProfile, Profile
from encore.config.models import DATASET_TYPES
from encore.report.figures import DATA_COLOURS, GRID, WIDTH, finish

Recorded = Sequence[Mapping[str, Any]]
#: When each run was, a datetime: matplotlib's types know only numbers.
Runs = Sequence[tuple[Any, Profile]]
Panel = Callable[[Axes], None]
#: As many columns have a panel of their mix, as many lines a panel of nulls, as many colours a mix.
MIXES, LINES, VALUES = 4, 6, 6
PANEL = 1.9


def profiles_over_time(recorded: Recorded) -> Figure | None:
    """One panel for the rows, one for the nulls of each dataset, one for the mix of each column with few values.

    :param recorded: what `history.profiles` returns
    :return: None where no run has recorded a profile
    """
    runs = [
        (run["recorded_at"], {name: Profile.from_dict(run[name]) for name in DATASET_TYPES if name in run})
        for run in recorded
    ]
    by_dataset = {
        name: [(when, profiles[name]) for when, profiles in runs if name in profiles]
        for name in DATASET_TYPES
    }
    panels = [panel for dataset, runs in by_dataset.items() if runs for panel in _panels_of(dataset, runs)]
    if not panels:
        return None
    figure = Figure(figsize=(WIDTH, PANEL * len(panels)), layout="constrained")
    for axes, draw in zip(
        figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0], panels, strict=True
    ):
        draw(axes)
    return figure


def _panels_of(dataset: str, runs: Runs) -> list[Panel]:
    panels: list[Panel] = []
    if dataset == "interactions":
        panels.append(partial(_rows, runs=runs))
    lacking = _lacking(runs)
    if lacking:
        panels.append(partial(_nulls, dataset=dataset, lines=lacking))
    return panels + [partial(_mix, dataset=dataset, column=column, runs=runs) for column in _mixed(runs)]


def _rows(axes: Axes, runs: Runs) -> None:
    axes.bar(
        [when for when, _ in runs], [profile.rows for _, profile in runs], width=0.7, color=DATA_COLOURS[0]
    )
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    finish(axes, "interactions of the newest day: rows", legend=False)


Line = tuple[str, list[Any], list[float]]


def _lacking(runs: Runs) -> list[Line]:
    """The columns that lack values in some run, those that lack most first."""
    names = dict.fromkeys(column.name for _, profile in runs for column in profile.columns)
    lines = []
    for name in names:
        points = [(when, column.null_share) for when, profile in runs if (column := profile.column(name))]
        lines.append((name, [when for when, _ in points], [share for _, share in points]))
    lines = [line for line in lines if max(line[2]) > 0]
    return sorted(lines, key=lambda line: -max(line[2]))[:LINES]


def _nulls(axes: Axes, dataset: str, lines: Sequence[Line]) -> None:
    for number, (name, times, shares) in enumerate(lines):
        colour = DATA_COLOURS[number % len(DATA_COLOURS)]
        axes.plot(times, shares, color=colour, linewidth=1.6, marker="o", markersize=3, label=name)
    axes.set_ylim(0, max(max(shares) for _, _, shares in lines) * 1.15)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value >= 0.02 else f"{value:.1%}")
    finish(axes, f"{dataset}: share of nulls")


def _mixed(runs: Runs) -> list[str]:
    """Columns of few values, but more than one in some run, event types first."""

    def is_mix(column: ColumnProfile) -> bool:
        has_values = column.complete and len(column.top) > 1
        return has_values and not column.is_number and column.flag in {"", "categorical"}

    names = dict.fromkeys(column.name for _, profile in runs for column in profile.columns if is_mix(column))
    return sorted(names, key=lambda name: name.upper() != "EVENT_TYPE")[:MIXES]


def _mix(axes: Axes, dataset: str, column: str, runs: Runs) -> None:
    times, tops = [], []
    for when, profile in runs:
        profiled = profile.column(column)
        if profiled and profiled.top:
            times.append(when)
            tops.append(profiled.top)
    frequent: Counter[str] = Counter()
    for top in tops:
        frequent.update(top)
    names = [value for value, _ in frequent.most_common(VALUES)]
    bottom = [0.0] * len(tops)
    for number, name in enumerate([*names, None]):
        shares = [_share(top, name, names) for top in tops]
        if not any(shares):
            continue
        colour = GRID if name is None else DATA_COLOURS[number % len(DATA_COLOURS)]
        label = "others" if name is None else name[:24]
        axes.bar(times, shares, bottom=bottom, width=0.7, color=colour, label=label)
        bottom = [low + share for low, share in zip(bottom, shares, strict=True)]
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    finish(axes, f"{dataset}: mix of {column}", stacked=True)


def _share(top: Mapping[str, int], name: str | None, names: Sequence[str]) -> float:
    whole = sum(top.values())
    if name is None:
        return sum(count for value, count in top.items() if value not in names) / whole
    return top.get(name, 0) / whole
