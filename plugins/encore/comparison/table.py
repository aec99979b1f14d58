"""The comparison for readers: the answer in a sentence, for whom, and the figures behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from encore.comparison.compare import LIVE, NEIGHBOURS, NEW, POPULAR, Compared, Line
from encore.comparison.interval import Interval
from encore.text_tables import as_markdown, as_text

NAMES = {
    "ndcg_at_25": "NDCG@25",
    "mrr_at_25": "MRR@25",
    "precision_at_25": "precision@25",
    "recall_at_25": "recall@25",
}
SEGMENT_COLUMNS = ("for whom", "users", "new", "live", "difference", "interval", "")
QUESTION_COLUMNS = ("for whom", "", "change", "interval", "users")
METRIC_COLUMNS = ("metric", "new", "live", "difference", "interval", POPULAR, NEIGHBOURS)
Layout = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


def short_name(metric: str) -> str:
    return NAMES.get(metric, metric)


def verdict_of(interval: Interval | None) -> str:
    """What an interval of a metric that should be high shows."""
    if interval is None:
        return "too few users"
    return "better" if interval.low > 0 else "worse" if interval.high < 0 else "no difference shown"


def summary(compared: Compared) -> str:
    """The answer in a sentence."""
    line = compared.line(compared.metric)
    other = next((name for name in (LIVE, POPULAR) if line and name in line.means), None)
    if line is None or other is None:
        return "Nobody could be compared."
    name = "the live version" if other == LIVE else "the popular items; nothing is live"
    interval = line.intervals.get(other)
    if interval is None:
        return f"Compared with {name}: only {line.users} users, too few to say anything."
    gain, low, high = (
        _relative(value, line.means[other]) for value in (interval.difference, interval.low, interval.high)
    )
    return (
        f"Compared with {name}: {verdict_of(interval)}, {short_name(compared.metric)} {line.means[NEW]:.4f} against"
        f" {line.means[other]:.4f} ({gain}, {compared.confidence:.0%} interval {low} to {high}), the same"
        f" {interval.users:,} users."
    )


def segment_rows(compared: Compared) -> list[tuple[str, ...]]:
    """The deciding metric by segment, against the live version, or without one against the popular items."""
    return [
        (
            line.segment,
            f"{line.users:,}",
            *_figures(line, _other(compared)),
            verdict_of(line.intervals.get(_other(compared))),
        )
        for line in compared.segments()
    ]


def metric_rows(compared: Compared) -> list[tuple[str, ...]]:
    """Every metric over all users."""
    other = _other(compared)
    beside = [name for name in (POPULAR, NEIGHBOURS) if name != other]
    return [
        (
            short_name(line.metric),
            *_figures(line, other),
            *(_number(line.means.get(name)) for name in beside),
        )
        for line in compared.lines
        if line.segment == compared.lines[0].segment
    ]


def columns_of(compared: Compared) -> tuple[Sequence[str], Sequence[str]]:
    """Of the segments' and of the metrics' table; without a live version its column has the popular items."""
    if _other(compared) == LIVE:
        return SEGMENT_COLUMNS, METRIC_COLUMNS
    renamed = {"live": POPULAR}
    return (
        [renamed.get(name, name) for name in SEGMENT_COLUMNS],
        [renamed.get(name, name) for name in METRIC_COLUMNS if name != POPULAR],
    )


def as_document(compared: Compared) -> dict[str, Any]:
    """What tasks hand on: the figures, and the tables as text and as Markdown."""
    return {
        **compared.as_json(),
        "summary": summary(compared),
        "text": _tables(compared, as_text, *columns_of(compared), segment_rows(compared)),
        "markdown": _tables(
            compared, as_markdown, QUESTION_COLUMNS, columns_of(compared)[1], question_rows(compared)
        ),
    }


def question_rows(compared: Compared) -> list[tuple[str, ...]]:
    """The deciding metric by segment for a question to a person, whose panel in Airflow is narrow: the answer first."""
    other = _other(compared)
    rows: list[tuple[str, ...]] = []
    for line in compared.segments():
        interval, of = line.intervals.get(other), line.means.get(other) or 0.0
        change = "" if interval is None else _relative(interval.difference, of)
        ends = "" if interval is None else f"{_relative(interval.low, of)} to {_relative(interval.high, of)}"
        rows.append((line.segment, f"**{verdict_of(interval)}**", change, ends, f"{line.users:,}"))
    return rows


def _tables(
    compared: Compared,
    layout: Layout,
    of_segments: Sequence[str],
    of_metrics: Sequence[str],
    segments: Sequence[Sequence[str]],
) -> str:
    return "\n\n".join(
        [
            f"{short_name(compared.metric)}, by segment:",
            layout(of_segments, segments),
            "All metrics, all users:",
            layout(of_metrics, metric_rows(compared)),
        ]
    )


def _other(compared: Compared) -> str:
    return LIVE if any(LIVE in line.means for line in compared.lines) else POPULAR


def _figures(line: Line, other: str) -> tuple[str, ...]:
    interval = line.intervals.get(other)
    return (
        _number(line.means.get(NEW)),
        _number(line.means.get(other)),
        "" if interval is None else f"{interval.difference:+.4f}",
        "" if interval is None else f"{interval.low:+.4f} to {interval.high:+.4f}",
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _relative(difference: float, of: float) -> str:
    return f"{difference / of:+.1%}" if of else f"{difference:+.4f}"
