"""What recommendations have led to, as the report and the page show it: a table by version, and a chart of each metric
over the days, laid out for SVG.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from encore.metric_names import short_name
from encore.online.summary import Online, Period, Rate
from encore.report import axes

WIDTH, HEIGHT = 480, 170
MOST_VERSIONS = 4  # of a solution in the table; the chart has all
BAR = 110  # of a rate's interval in the table
COLOURS = ("#2563eb", "#c2410c", "#0d9488", "#7c3aed", "#db2777", "#64748b")
NONE = "–"


@dataclass(frozen=True)
class Cell:
    """A rate as text, and where its interval lies on a bar of `BAR` from 0 on; no `high` where there is none."""

    value: str
    interval: str
    low: float | None = None
    high: float | None = None
    middle: float | None = None


@dataclass(frozen=True)
class Line:
    """A version's row."""

    solution: str
    recipe: str
    version: str
    when: str
    offline: str
    answers: str
    colour: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Series:
    """A solution on a chart: `line` is the `d` of a path, `band` the points of a polygon around it."""

    name: str
    colour: str
    line: str
    band: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    """A metric over the days."""

    metric: str
    series: Sequence[Series]
    y_ticks: Sequence[tuple[float, str]]
    x_ticks: Sequence[tuple[float, str]]
    description: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = axes.LEFT
    right: int = WIDTH - axes.RIGHT


@dataclass(frozen=True)
class View:
    """All that is shown."""

    answer: str
    changes: Sequence[str]
    metrics: Sequence[str]
    offline: str
    lines: Sequence[Line]
    others: Sequence[str]
    charts: Sequence[Chart]
    problems: Sequence[str]
    bar: int = BAR


def view_of(online: Online | None) -> View | None:
    """None where there is nothing to show."""
    if online is None or not (online.periods or online.others or online.problems):
        return None
    solutions = list(dict.fromkeys(period.solution for period in online.periods))
    colours = {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(solutions)}
    widest = {
        metric: max((_top(period.rates[metric]) for period in online.periods), default=0.0)
        for metric in online.metrics
    }
    return View(
        answer=_answer(online),
        changes=_changes(online),
        metrics=online.metrics,
        offline=short_name(online.metric),
        lines=[_line(period, online.metrics, widest, colours) for period in _newest(online)],
        others=[_other(source, totals) for source, totals in online.others.items()],
        charts=[chart for metric in online.metrics if (chart := _chart(online, metric, colours))],
        problems=online.problems,
    )


def _answer(online: Online) -> str:
    """Who sells most by the first metric, and whether that is more than noise."""
    metric = online.metrics[0]
    newest = list({period.solution: period for period in reversed(online.periods)}.values())
    ranked = sorted(
        ((period, value) for period in newest if (value := period.rates[metric].value) is not None),
        key=lambda pair: -pair[1],
    )
    if not ranked:
        return f"No {metric} can be set against answers yet."
    (best, value), *rest = ranked
    text = f"{best.solution} leads to most {metric}: {_number(100 * value)} for a hundred answers"
    if not rest:
        return f"{best.solution}: {_number(100 * value)} {metric} for a hundred answers."
    (second, other), low, high = rest[0], best.rates[metric].low, rest[0][0].rates[metric].high
    is_clear = low is not None and high is not None and low > high
    text += f", {second.solution} to {_number(100 * other)}."
    return text if is_clear else f"{text} Their intervals overlap: it may be chance."


def _changes(online: Online) -> list[str]:
    """Of each solution, the newest version beside the one before it, by the first metric."""
    metric = online.metrics[0]
    changes = []
    for solution in dict.fromkeys(period.solution for period in online.periods):
        new, *before = (period.rates[metric] for period in online.periods if period.solution == solution)
        if not before or new.value is None or before[0].value is None:
            continue
        newest, earlier = _number(100 * new.value), _number(100 * before[0].value)
        text = f"{solution}: {newest} {metric} with the newest version, {earlier} with the one before"
        changes.append(f"{text}: {_verdict(new, before[0])}.")
    return changes


def _verdict(new: Rate, before: Rate) -> str:
    """What intervals show that do not overlap; those that do may still hide a small difference."""
    if new.low is None or new.high is None or before.low is None or before.high is None:
        return "too little to compare"
    return "more" if new.low > before.high else "less" if new.high < before.low else "no difference shown"


def _newest(online: Online) -> list[Period]:
    """A few versions of each solution."""
    return [
        period
        for solution in dict.fromkeys(period.solution for period in online.periods)
        for period in [entry for entry in online.periods if entry.solution == solution][:MOST_VERSIONS]
    ]


def _line(period: Period, metrics: Sequence[str], widest: dict[str, float], colours: dict[str, str]) -> Line:
    first, last = (f"{hour:%-d %b %H:%M}" for hour in (period.first, period.last + timedelta(hours=1)))
    return Line(
        period.solution,
        period.recipe,
        period.version.split("/")[-1] if period.version else "before the history",
        f"{first} to {last}",
        NONE if period.offline is None else f"{period.offline:.4f}",
        f"{period.answers:,.0f}" if period.answers else NONE,
        colours[period.solution],
        [_cell(period.rates[metric], widest[metric]) for metric in metrics],
    )


def _cell(rate: Rate, widest: float) -> Cell:
    if rate.value is None:
        return Cell(f"{_number(rate.total)} in all", "")
    if rate.low is None or rate.high is None or not widest:
        return Cell(_number(100 * rate.value), "")
    low, high, middle = (round(BAR * value / widest, 1) for value in (rate.low, rate.high, rate.value))
    return Cell(
        _number(100 * rate.value),
        f"{_number(100 * rate.low)} to {_number(100 * rate.high)}",
        low,
        high,
        middle,
    )


def _other(source: str, totals: Mapping[str, float]) -> str:
    parts = ", ".join(f"{metric.lower()} {_number(total)}" for metric, total in totals.items())
    return f"{source}: {parts}"


def _chart(online: Online, metric: str, colours: dict[str, str]) -> Chart | None:
    """The rate of each day, over all versions; None before there are two days."""
    by_solution = {
        solution: [(day, rate) for day, rate in points if rate.value is not None]
        for (solution, name), points in online.days.items()
        if name == metric
    }
    days = sorted({day for points in by_solution.values() for day, _ in points})
    if len(days) < 2:
        return None
    top, ticks = axes.scale([_top(rate) for points in by_solution.values() for _, rate in points])
    span, y = (days[-1] - days[0]).total_seconds(), axes.heights(HEIGHT, top)

    def x(day: datetime) -> float:
        return round(axes.LEFT + (WIDTH - axes.LEFT - axes.RIGHT) * (day - days[0]).total_seconds() / span, 1)

    return Chart(
        metric,
        [_series(name, colours[name], points, x, y) for name, points in by_solution.items() if points],
        [(y(tick), _number(100 * tick)) for tick in ticks],
        [(x(day), f"{day:%-d %b}") for day in dict.fromkeys((days[0], days[len(days) // 2], days[-1]))],
        f"{metric} for a hundred answers, by day, of {', '.join(by_solution)}",
    )


def _series(
    name: str,
    colour: str,
    points: Sequence[tuple[datetime, Rate]],
    x: Callable[[datetime], float],
    y: Callable[[float], float],
) -> Series:
    at = [(x(day), y(rate.value or 0.0)) for day, rate in points]
    sure = [(x(day), rate.low, rate.high) for day, rate in points if rate.low is not None]
    edge = [(across, y(high or 0.0)) for across, _, high in sure]
    edge += [(across, y(low or 0.0)) for across, low, _ in reversed(sure)]
    return Series(
        name,
        colour,
        axes.path([across for across, _ in at], [down for _, down in at]),
        " ".join(f"{across},{down}" for across, down in edge),
        at,
    )


def _top(rate: Rate) -> float:
    return max(rate.high or 0.0, rate.value or 0.0)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.3g}"
