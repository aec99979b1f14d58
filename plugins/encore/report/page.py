"""The report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from airflow_personalize.export.statistics.profile import ColumnProfile, Profile
from encore import cost, history
from encore.config.models import DATASET_TYPES
from encore.config.recommenders import is_use_case
from encore.gates.drift import MOVING
from encore.metric_names import METRIC, short_name
from encore.online.summary import Online
from encore.report import comparisons, experiments, online
from encore.report.charts import measurements
from encore.report.panels import Rows, data_volumes, durations
from encore.report.profile_panels import profiles_over_time
from encore.report.wording import STOPPED, outcome_word

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
        rows=_news(rows)[:LAST_VERSIONS],
        not_live=[row for row in reversed(rows) if outcome_style(row) in ("held", "failed")][:LAST_VERSIONS],
        runs=len({row["run_id"] for row in rows}),
        first=rows[0]["recorded_at"] if rows else None,
        last=rows[-1]["recorded_at"] if rows else None,
        spent=cost.spent(rows) + sum(job["usd"] or 0.0 for job in batch),
        unknown=cost.without_price(rows, batch),
        comparisons=comparisons.views(rows),
        online=online.view_of(results),
        experiment=experiment,
        columns=_columns(rows),
        insights=history.last_sentences(rows, "insights"),
        unused=history.last_sentences(rows, "unused"),
        charts=[entry for name in _solutions(rows) if (entry := measurements(rows, name, metric))],
        panels=[*data_volumes(rows), *profiles_over_time(history.profiles(rows)), *durations(rows)],
        style=_style(),
    )


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True)
    environment.filters |= {
        "short_metric": short_name,
        "outcome_style": outcome_style,
        "outcome_word": outcome_word,
        "is_recommender": lambda row: is_use_case(row["recipe"]),
    }
    return environment


@cache
def _style() -> Markup:
    """How drawings look."""
    return Markup((FOLDER / "static" / "charts.css").read_text())


def outcome_style(row: Mapping[str, Any]) -> str:
    """How the outcome of a row is shown: that a recommender is stopped is no fault."""
    return STOPPED if outcome_word(row) == STOPPED else str(row["outcome"])


def _solutions(rows: Rows) -> list[str]:
    return sorted({row["solution"] for row in rows})


def _card(rows: Rows, name: str, metric: str) -> dict[str, Any]:
    """What matters now of a solution, or of a recommender, which the service trains."""
    own = [row for row in rows if row["solution"] == name]
    newest, promoted = own[-1], [row for row in own if row["outcome"] == "promoted"]
    live, is_recommender = promoted[-1] if promoted else None, is_use_case(newest["recipe"])
    words = {outcome: outcome_word({**newest, "outcome": outcome}) for outcome in OUTCOMES}
    counts = [f"{sum(row['outcome'] == outcome for row in own)} {words[outcome]}" for outcome in OUTCOMES]
    return {
        "name": name,
        "recipe": newest["recipe"],
        "style": outcome_style(newest),
        "word": outcome_word(newest),
        "reason": newest["reason"],
        "link": newest.get("link"),
        "is_recommender": is_recommender,
        "live_since": live["recorded_at"] if live else None,
        "active_since": _active_since(own),
        "live": (live["metrics"] or {}).get(metric) if live else None,
        "newest": (newest["metrics"] or {}).get(metric),
        "measured": next((row["metrics"].get(metric) for row in reversed(own) if row["metrics"]), None),
        "counts": ("in runs: " if is_recommender else "") + ", ".join(counts),
    }


def _active_since(own: Rows) -> datetime | None:
    """The first of the last runs that have all found a recommender active; None if the last one has not."""
    active = itertools.takewhile(lambda row: row["outcome"] == "promoted", reversed(own))
    moments = [row["recorded_at"] for row in active]
    return moments[-1] if moments else None


def _news(rows: Rows) -> list[Mapping[str, Any]]:
    """The versions, newest first; of recommenders the runs that found them changed, as most find them as they were."""
    known: dict[str, tuple[Any, Any]] = {}
    news = []
    for row in rows:
        state = (row["outcome"], row["metrics"])
        if not is_use_case(row["recipe"]) or known.get(row["solution"]) != state:
            news.append(row)
        known[row["solution"]] = state
    return news[::-1]


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
