"""Series over the versions of a solution, for every drawing of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def measured(rows: Sequence[Row], solution: str, metric: str) -> list[Row]:
    """The rows of a solution's versions that have the metric, oldest first."""
    return [
        row for row in rows if row["solution"] == solution and (row["metrics"] or {}).get(metric) is not None
    ]


def live_values(own: Sequence[Row], metric: str) -> list[float | None]:
    """The metric of the version that was live after each row of `measured`; None before anything was."""
    live: float | None = None
    values = []
    for row in own:
        if row["outcome"] == "promoted":
            live = row["metrics"][metric]
        elif live is None:
            live = (row["live_metrics"] or {}).get(metric)
        values.append(live)
    return values


def popularity_values(own: Sequence[Row], metric: str) -> list[float | None]:
    """What the popular items reached in the run of each row of `measured`."""
    return [(row["popularity_metrics"] or {}).get(metric) for row in own]
