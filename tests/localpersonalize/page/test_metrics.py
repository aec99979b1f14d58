"""Versions side by side: bars that are true to the figures, and a chart that is true to the bars."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localpersonalize.page.metrics import (
    HEADLINE,
    RECOMMENDER,
    ROWS,
    TOP,
    Measured,
    chart,
    compare,
    headline,
    title,
)

GAIN, COVERAGE = HEADLINE, "coverage"


def _version(number: int, gain: float, solution: str = "front", **more: float) -> Measured:
    return Measured(solution, f"v{number}", float(number), {GAIN: gain, **more})


def test_the_newest_come_first_and_the_best_is_marked():
    comparison = compare([_version(1, 0.2), _version(2, 0.4), _version(3, 0.1)])
    assert [version.version for version, _ in comparison.rows] == ["v3", "v2", "v1"]
    cells = [cells[0] for _, cells in comparison.rows]
    assert [cell.is_best for cell in cells if cell] == [False, True, False]
    assert [round(cell.share, 6) for cell in cells if cell] == [0.25, 1.0, 0.5]


def test_one_version_is_not_called_the_best():
    ((_, (cell,)),) = compare([_version(1, 0.2)]).rows
    assert cell is not None
    assert not cell.is_best


def test_a_version_may_lack_what_another_has():
    comparison = compare([_version(1, 0.2), _version(2, 0.3, coverage=0.5)])
    assert [column.title for column in comparison.columns] == ["NDCG at 25", "Coverage"]
    assert comparison.rows[1][1][1] is None


def test_old_versions_are_left_out_and_counted():
    comparison = compare([_version(number, 0.1) for number in range(ROWS + 3)])
    assert (len(comparison.rows), comparison.left_out) == (ROWS, 3)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=ROWS))
def test_every_point_is_within_the_chart_and_higher_is_better(figures: list[int]):
    values = [figure / 10_000 for figure in figures]
    drawn = chart(compare([_version(n, value) for n, value in enumerate(values)]), GAIN, 640)
    assert drawn is not None
    points = drawn.series[0].points
    assert all(0 < point.x < 640 and TOP - 1e-6 <= point.y < 210 for point in points)
    assert [point.version.trained for point in points] == sorted(range(len(values)))
    for first, second in pairwise(points):
        assert first.x < second.x
        assert first.value == second.value or (first.value < second.value) is (first.y > second.y)


@pytest.mark.parametrize(
    ("value", "ticks"),
    [
        (0.43, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (0.5009, ["0", "0.2", "0.4", "0.6", "0.8"]),
        (1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0.013, ["0", "0.005", "0.01", "0.015", "0.02"]),
        (0.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
    ],
)
def test_ticks_are_round(value: float, ticks: list[str]):
    drawn = chart(compare([_version(1, value)]), GAIN, 640)
    assert drawn is not None
    assert [text for _, text in drawn.ticks] == ticks


def test_each_solution_is_a_series():
    drawn = chart(compare([_version(1, 0.1, "a"), _version(2, 0.2, "b"), _version(3, 0.3, "a")]), GAIN, 340)
    assert drawn is not None
    assert [(series.solution, len(series.points)) for series in drawn.series] == [("a", 2), ("b", 1)]


def test_labels_are_versions_or_the_names_of_recommenders():
    versions = [_version(1, 0.1), Measured("frequently-bought", RECOMMENDER, 2.0, {GAIN: 0.2})]
    drawn = chart(compare(versions), GAIN, 640)
    assert drawn is not None
    assert [text for _, text in drawn.labels] == ["frequentl…", "v1"]


def test_nothing_is_drawn_of_a_metric_that_nobody_has():
    assert chart(compare([_version(1, 0.1)]), COVERAGE, 340) is None
    assert chart(compare([]), GAIN, 340) is None


def test_which_metric_is_drawn():
    comparison = compare([_version(1, 0.1, coverage=0.5)])
    assert headline(comparison) == GAIN
    assert headline(comparison, COVERAGE) == COVERAGE
    assert headline(comparison, "nonsense") == GAIN
    assert headline(compare([])) is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("mean_reciprocal_rank_at_25", "MRR at 25"),
        ("precision_at_5", "Precision at 5"),
        ("coverage", "Coverage"),
        ("hit_at_10", "Hit at 10"),
    ],
)
def test_titles(name: str, text: str):
    assert title(name) == text
