"""The newest comparison of each solution, as the report shows it: an answer, for whom, and the figures behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from encore.comparison import table
from encore.comparison.compare import LIVE, POPULAR, Compared, Line
from encore.comparison.interval import Interval

WIDTH = 220  # of a picture of an interval, in its own units; zero is in the middle
ROOM = 0.92  # of half the width, that the longest interval takes
COLOURS = {"better": "#18794e", "worse": "#cd2b31"}
UNDECIDED = "#7b8794"


@dataclass(frozen=True)
class Picture:
    """An interval as a line with a dot at the difference, in units of `WIDTH`."""

    low: float
    high: float
    difference: float
    colour: str


@dataclass(frozen=True)
class Segment:
    """A row of the table: the cells' texts, and the picture of the interval."""

    name: str
    users: str
    new: str
    other: str
    change: str
    verdict: str
    picture: Picture | None


@dataclass(frozen=True)
class View:
    """What the report shows of one comparison."""

    solution: str
    outcome: str
    answer: str
    summary: str
    days: str
    metric: str
    other: str
    segments: Sequence[Segment]
    columns: Sequence[str]
    metrics: Sequence[Sequence[str]]
    width: int = WIDTH


def views(rows: Sequence[Mapping[str, Any]]) -> list[View]:
    """Of each solution the newest comparison.

    :param rows: the history, oldest first
    """
    newest = {row["solution"]: row for row in rows if row.get("comparison")}
    return [
        view_of(name, row["outcome"], json.loads(row["comparison"])) for name, row in sorted(newest.items())
    ]


def view_of(solution: str, outcome: str, document: Mapping[str, Any]) -> View:
    """One comparison.

    :param document: as a decision and the history have it: `Compared` as JSON, with the `days` held back
    """
    compared = Compared.from_json(document)
    lines = compared.segments()
    other = LIVE if any(LIVE in line.means for line in lines) else POPULAR
    widest = max(
        (abs(end) for line in lines if other in line.intervals for end in _ends(line.intervals[other])),
        default=0.0,
    )
    everybody = lines[0].intervals.get(other) if lines else None
    return View(
        solution=solution,
        outcome=outcome,
        answer=table.verdict_of(everybody).capitalize(),
        summary=table.summary(compared),
        days=", ".join(document.get("days") or ()),
        metric=table.short_name(compared.metric),
        other="live" if other == LIVE else POPULAR,
        segments=[_segment(line, other, widest) for line in lines],
        columns=table.columns_of(compared)[1],
        metrics=table.metric_rows(compared),
    )


def _segment(line: Line, other: str, widest: float) -> Segment:
    interval = line.intervals.get(other)
    verdict = table.verdict_of(interval)
    mean = line.means.get(other)
    return Segment(
        name=line.segment,
        users=f"{line.users:,}",
        new=_number(line.means.get("new")),
        other=_number(mean),
        change="" if interval is None or not mean else f"{interval.difference / mean:+.1%}",
        verdict=verdict,
        picture=None if interval is None else _picture(interval, widest, COLOURS.get(verdict, UNDECIDED)),
    )


def _picture(interval: Interval, widest: float, colour: str) -> Picture:
    def position(value: float) -> float:
        return round(WIDTH / 2 * (1 + ROOM * (value / widest if widest else 0.0)), 1)

    return Picture(position(interval.low), position(interval.high), position(interval.difference), colour)


def _ends(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
