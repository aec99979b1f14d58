"""Metrics of solution versions and recommenders side by side, as rows with bars, and as the points of a chart."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

HEADLINE = "normalized_discounted_cumulative_gain_at_25"
ROWS = 16
"""Newest versions that are compared."""

RECOMMENDER = "recommender"
"""In the place of a version: a recommender has one."""
LABEL_LETTERS = 10

_SHORT = {
    "mean_reciprocal_rank": "MRR",
    "normalized_discounted_cumulative_gain": "NDCG",
    "precision": "Precision",
    "coverage": "Coverage",
}
_AT = re.compile(r"(.+)_at_(\d+)")


@dataclass(frozen=True)
class Measured:
    """A version, or a recommender, with its metrics by the service's names."""

    solution: str
    version: str
    trained: float
    values: Mapping[str, float]

    @property
    def label(self) -> str:
        """What tells it apart in a few letters."""
        name = self.solution if self.version == RECOMMENDER else self.version
        return name if len(name) <= LABEL_LETTERS else name[: LABEL_LETTERS - 1] + "…"


@dataclass(frozen=True)
class Cell:
    """One figure; `share` is its part of the largest in its column, 0 to 1."""

    value: float
    share: float
    is_best: bool


@dataclass(frozen=True)
class Column:
    """A metric: its name on the wire, and as a heading."""

    name: str
    title: str


@dataclass(frozen=True)
class Comparison:
    """Rows newest first, each with a cell a column, None where a version lacks the metric."""

    columns: list[Column]
    rows: list[tuple[Measured, list[Cell | None]]]
    left_out: int


def title(name: str) -> str:
    """`normalized_discounted_cumulative_gain_at_5` -> `NDCG at 5`."""
    match = _AT.fullmatch(name)
    stem, end = (match[1], f" at {match[2]}") if match else (name, "")
    return _SHORT.get(stem, stem.replace("_", " ").capitalize()) + end


def compare(measured: Iterable[Measured]) -> Comparison:
    """The newest versions beside each other."""
    newest = sorted((version for version in measured if version.values), key=lambda version: -version.trained)
    compared = newest[:ROWS]
    names = sorted({name for version in compared for name in version.values}, key=_order)
    most = {name: max(version.values.get(name, 0.0) for version in compared) for name in names}
    rows = [
        (version, [_cell(version.values.get(name), most[name], len(compared)) for name in names])
        for version in compared
    ]
    return Comparison([Column(name, title(name)) for name in names], rows, len(newest) - len(compared))


def _cell(value: float | None, most: float, versions: int) -> Cell | None:
    if value is None:
        return None
    share = value / most if most > 0 else 0.0
    return Cell(value, max(0.0, share), versions > 1 and most > 0 and value == most)


def _order(name: str) -> tuple[int, str, int]:
    match = _AT.fullmatch(name)
    stem, at = (match[1], int(match[2])) if match else (name, 0)
    stems = ("normalized_discounted_cumulative_gain", "precision", "mean_reciprocal_rank", "coverage")
    return (stems.index(stem) if stem in stems else len(stems), stem, at)


# --- the chart ---


@dataclass(frozen=True)
class Point:
    """A version in the chart, in its units."""

    x: float
    y: float
    version: Measured
    value: float


@dataclass(frozen=True)
class Series:
    """The versions of a solution, oldest first; `number` chooses its colour."""

    solution: str
    number: int
    points: list[Point]

    @property
    def path(self) -> str:
        """`points` of an SVG polyline."""
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True)
class Chart:
    """One metric by version: along x every version in the order of training, along y its value."""

    column: Column
    width: int
    height: int
    series: list[Series]
    ticks: list[tuple[float, str]]
    labels: list[tuple[float, str]]
    """Of the x axis; left out where they would run into each other."""


LEFT, RIGHT, TOP, BOTTOM = 46, 16, 12, 26
LABEL_WIDTH = 64
COLOURS = 6


def chart(comparison: Comparison, name: str, width: int, height: int = 210) -> Chart | None:
    """A metric's chart, None if no version has it.

    :param width: of the whole, in units that are pixels where it is not scaled.
    """
    versions = sorted((row for row, _ in comparison.rows if name in row.values), key=lambda row: row.trained)
    if not versions:
        return None
    top, parts = _scale(max(version.values[name] for version in versions))
    step = (width - LEFT - RIGHT) / len(versions)
    points = [
        Point(
            LEFT + step * (number + 0.5),
            TOP + (height - TOP - BOTTOM) * (1 - version.values[name] / top),
            version,
            version.values[name],
        )
        for number, version in enumerate(versions)
    ]
    solutions = list(dict.fromkeys(version.solution for version in versions))
    series = [
        Series(solution, number % COLOURS, [point for point in points if point.version.solution == solution])
        for number, solution in enumerate(solutions)
    ]
    ticks = [
        (TOP + (height - TOP - BOTTOM) * (1 - part / parts), f"{top * part / parts:.3g}")
        for part in range(parts + 1)
    ]
    return Chart(Column(name, title(name)), width, height, series, ticks, _labels(points, step))


def headline(comparison: Comparison, wanted: str | None = None) -> str | None:
    """The metric that the chart shows: the one that is wanted, else the gain at 25, else the first."""
    names = [column.name for column in comparison.columns]
    return next((name for name in (wanted, HEADLINE) if name in names), names[0] if names else None)


def _labels(points: Sequence[Point], step: float) -> list[tuple[float, str]]:
    every = max(1, -(-LABEL_WIDTH // max(1, int(step))))
    return [(point.x, point.version.label) for point in points[::-1][::every]]


def _scale(most: float) -> tuple[float, int]:
    """A round number that is not below the largest value, and into how many parts it is divided."""
    if most <= 0:
        return 1.0, 5
    magnitude = 10.0 ** math.floor(math.log10(most))
    parts = {1: 5, 2: 4, 4: 4, 5: 5, 8: 4, 10: 5, 20: 4}  # each of a round size
    return next(
        (factor * magnitude, number) for factor, number in parts.items() if most <= factor * magnitude
    )
