"""Drawings of the data itself: rows, shares of nulls and mixes of values, by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from airflow_personalize.export.statistics.profile import ColumnProfile, Profile
from encore.config.models import DATASET_TYPES
from encore.report.panels import COLOURS, OTHERS, Panel, count, lined, short_count, stacked

Runs = Sequence[tuple[datetime, Profile]]
#: As many columns have a panel of their mix, as many lines a panel of nulls, as many colours a mix.
MIXES, LINES, VALUES = 4, 6, 6
PALE = "#cbd2d9"


def profiles_over_time(recorded: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """One panel for the rows, one for the nulls of each dataset, one for the mix of each column with few values.

    :param recorded: what `history.profiles` returns
    """
    panels: list[Panel] = []
    for dataset in DATASET_TYPES:
        runs = [(run["recorded_at"], Profile.from_dict(run[dataset])) for run in recorded if dataset in run]
        panels += _panels_of(dataset, runs) if runs else []
    return panels


def _panels_of(dataset: str, runs: Runs) -> list[Panel]:
    moments = [when for when, _ in runs]
    panels = []
    if dataset == "interactions":
        rows = {"rows": [float(profile.rows) for _, profile in runs]}
        panels.append(stacked("interactions of the newest day: rows", moments, rows, count, axis=short_count))
    if lacking := _lacking(runs):
        panels.append(lined(f"{dataset}: share of nulls", moments, lacking, _share))
    return panels + [_mix(dataset, column, runs) for column in _mixed(runs)]


def _lacking(runs: Runs) -> dict[str, list[float | None]]:
    """The columns that lack values in some run, those that lack most first."""
    names = dict.fromkeys(column.name for _, profile in runs for column in profile.columns)
    shares = {
        name: [column.null_share if (column := profile.column(name)) else None for _, profile in runs]
        for name in names
    }
    highest = {name: max(share for share in values if share is not None) for name, values in shares.items()}
    most = sorted((name for name in names if highest[name] > 0), key=lambda name: -highest[name])
    return {name: shares[name] for name in most[:LINES]}


def _mixed(runs: Runs) -> list[str]:
    """Columns of few values, but more than one in some run, event types first."""

    def is_mix(column: ColumnProfile) -> bool:
        has_values = column.complete and len(column.top) > 1
        return has_values and not column.is_number and column.flag in {"", "categorical"}

    names = dict.fromkeys(column.name for _, profile in runs for column in profile.columns if is_mix(column))
    return sorted(names, key=lambda name: name.upper() != "EVENT_TYPE")[:MIXES]


def _mix(dataset: str, column: str, runs: Runs) -> Panel:
    moments, tops = [], []
    for when, profile in runs:
        profiled = profile.column(column)
        if profiled and profiled.top:
            moments.append(when)
            tops.append(profiled.top)
    frequent: Counter[str] = Counter()
    for top in tops:
        frequent.update(top)
    names = [value for value, _ in frequent.most_common(VALUES)]
    wholes = [sum(top.values()) for top in tops]
    shares = {
        name[:24]: [top.get(name, 0) / whole for top, whole in zip(tops, wholes, strict=True)]
        for name in names
    }
    rest = [1.0 - sum(run) for run in zip(*shares.values(), strict=True)]
    if any(share > 1e-9 for share in rest):
        shares[OTHERS] = rest
    colours = [*COLOURS[: len(names)], PALE]
    return stacked(f"{dataset}: mix of {column}", moments, shares, _share, colours=colours, top=1)


def _share(value: float) -> str:
    return f"{value:.0%}" if value >= 0.02 or value == 0 else f"{value:.1%}"
