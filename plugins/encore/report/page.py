"""The report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from airflow_personalize.export.statistics.profile import ColumnProfile, Profile
from encore import cost, history
from encore.config.models import DATASET_TYPES
from encore.gates.drift import MOVING
from encore.metric_names import METRIC, short_name
from encore.online.summary import Online
from encore.report import comparisons, experiments, online
from encore.report.charts import measurements
from encore.report.panels import Rows, data_volumes, durations
from encore.report.profile_panels import profiles_over_time

OUTCOMES = ("promoted", "held", "failed")
FOLDER = Path(__file__).parent
LAST_VERSIONS = 40
FREQUENT_SHOWN = 3


def drawings(rows: Rows, metric: str = METRIC) -> dict[str, str]:
    """The metric over each solution's versions, as SVG files by name without its ending."""
    template = _environment().from_string(
        '{% from "charts.html.jinja" import drawing %}{{ drawing(chart, "alone", style=style) }}'
    )
    charts = {name: measurements(rows, name, metric) for name in _solutions(rows)}
    return {
        f"metrics-{name}": template.render(chart=entry.main, style=_style()).strip()
        for name, entry in charts.items()
        if entry
    }


def page(
    rows: Rows,
    group: str,
    metric: str = METRIC,
    results: Online | None = None,
    experiment: experiments.View | None = None,
    batch: Rows = (),
) -> str:
    """The whole report.

    :param rows: the history, oldest first
    :param batch: what batch jobs have cost
    :param results: what recommendations have led to, where there is a metric attribution
    :param experiment: where an A/B test stands
    """
    template = _environment().get_template("page.html.jinja")
    return template.render(
        group=group,
        metric=metric,
        metric_name=short_name(metric),
        cards=[_card(rows, name, metric) for name in _solutions(rows)],
        rows=list(reversed(rows))[:LAST_VERSIONS],
        not_live=[row for row in reversed(rows) if row["outcome"] != "promoted"][:LAST_VERSIONS],
        runs=len({row["run_id"] for row in rows}),
        first=rows[0]["recorded_at"] if rows else None,
        last=rows[-1]["recorded_at"] if rows else None,
        spent=cost.spent(rows) + sum(job["usd"] or 0.0 for job in batch),
        unknown=cost.without_price(rows, batch),
        comparisons=comparisons.views(rows),
        online=online.view_of(results),
        experiment=experiment,
        columns=_columns(rows),
        insights=_of_last_run(rows, "insights"),
        unused=_of_last_run(rows, "unused"),
        charts=[entry for name in _solutions(rows) if (entry := measurements(rows, name, metric))],
        panels=[*data_volumes(rows), *profiles_over_time(history.profiles(rows)), *durations(rows)],
        style=_style(),
    )


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True)
    environment.filters["short_metric"] = short_name
    return environment


@cache
def _style() -> Markup:
    """How drawings look."""
    return Markup((FOLDER / "static" / "charts.css").read_text())


def _solutions(rows: Rows) -> list[str]:
    return sorted({row["solution"] for row in rows})


def _card(rows: Rows, solution: str, metric: str) -> dict[str, Any]:
    """What matters of a solution now."""
    own = [row for row in rows if row["solution"] == solution]
    promoted = [row for row in own if row["outcome"] == "promoted"]
    live = promoted[-1] if promoted else None
    return {
        "solution": solution,
        "recipe": own[-1]["recipe"],
        "outcome": own[-1]["outcome"],
        "reason": own[-1]["reason"],
        "link": own[-1].get("link"),
        "when": own[-1]["recorded_at"],
        "live_since": live["recorded_at"] if live else None,
        "live": (live["metrics"] or {}).get(metric) if live else None,
        "newest": (own[-1]["metrics"] or {}).get(metric),
        "counts": {outcome: sum(row["outcome"] == outcome for row in own) for outcome in OUTCOMES},
    }


def _columns(rows: Rows) -> list[dict[str, Any]]:
    """What the last run recorded of its data, column by column."""
    recorded = history.profiles(rows)
    profiles = [
        Profile.from_dict(recorded[-1][name]) for name in DATASET_TYPES if recorded and name in recorded[-1]
    ]
    return [
        {
            "dataset": profile.dataset,
            "column": column,
            "range": _range(column),
            "frequent": ", ".join(
                f"{value} {count / max(column.rows - column.nulls, 1):.0%}"
                for value, count in list(column.top.items())[:FREQUENT_SHOWN]
                if not column.is_number or column.complete
            ),
        }
        for profile in profiles
        for column in profile.columns
    ]


def _range(column: ColumnProfile) -> str:
    """The least and the greatest number; times as days."""
    if column.minimum is None or column.maximum is None:
        return ""
    if column.name.upper() in MOVING:
        return " to ".join(
            f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d}" for end in (column.minimum, column.maximum)
        )
    return f"{column.minimum:g} to {column.maximum:g}"


def _of_last_run(rows: Rows, name: str) -> list[str]:
    """The sentences of the last run that recorded any."""
    written = [row[name] for row in rows if row.get(name)]
    lines: list[str] = json.loads(written[-1]) if written else []
    return lines
