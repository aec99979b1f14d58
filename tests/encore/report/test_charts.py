"""Metrics over versions, as drawings that a pointer can ask."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from encore import history
from encore.report.charts import chart
from tests.support.past_runs import NDCG, past_runs

ROWS = history.from_parquet(history.to_parquet(past_runs()))
YOU = [row for row in ROWS if row["solution"] == "you"]


def drawn(rows=ROWS, **changes):
    return chart(rows, "you", NDCG, **{"width": 1000, "height": 300, **changes})


def test_every_version_is_a_mark_of_what_became_of_it():
    marks = drawn().marks
    assert [mark.outcome for mark in marks] == [row["outcome"] for row in YOU]
    assert [mark.x for mark in marks] == sorted(mark.x for mark in marks)
    values = [row["metrics"][NDCG] for row in YOU]
    highest = max(range(len(values)), key=values.__getitem__)
    assert min(range(len(marks)), key=lambda number: marks[number].y) == highest, "up is more"


def test_heights_are_what_the_axis_says():
    picture = drawn()
    (bottom, _), (top, text) = picture.y_ticks[0], picture.y_ticks[-1]
    value = YOU[3]["metrics"][NDCG]
    assert picture.marks[3].y == pytest.approx(bottom + (top - bottom) * value / float(text), abs=0.1)


def test_a_held_version_leaves_the_live_line_where_it_was():
    heights = re.findall(r"V([\d.]+)|M[\d.]+ ([\d.]+)", drawn().live)
    ys = [float(step or start) for step, start in heights]
    assert ys[9] == ys[8] == drawn().marks[8].y, "run 9 was held"
    assert ys[10] == drawn().marks[10].y


def test_the_pointer_learns_when_what_and_why():
    points = json.loads(drawn().points)
    text = " ".join(points[9]["lines"])
    assert "8 Feb 2026, 03:00 UTC, 00000009 held: NDCG@25" in text
    assert "live stayed" in text
    assert "is below the live version's" in text


def test_a_line_breaks_where_the_popular_items_were_not_measured():
    rows = [{**row, "popularity_metrics": None} if number == 5 else row for number, row in enumerate(YOU)]
    assert drawn(rows).popular.count("M") == 2


def test_one_version_is_in_the_middle_and_has_one_day():
    picture = drawn(YOU[:1])
    assert picture.marks[0].x == pytest.approx((46 + 1000 - 14) / 2)
    assert [day for _, day in picture.x_ticks] == ["30 Jan"]
    assert "h48" in picture.popular, "a line that can be seen"


def test_the_days_below_a_chart_do_not_overlap():
    for width in (1080, 340):
        xs = [x for x, _ in drawn(width=width, height=220).x_ticks]
        assert all(after - before >= 60 for before, after in itertools.pairwise(xs)), width


def test_a_metric_of_nothing_but_zeros_is_drawn():
    rows = [{**row, "metrics": {NDCG: 0.0}, "live_metrics": None, "popularity_metrics": None} for row in YOU]
    assert {mark.y for mark in drawn(rows).marks} == {300 - 24}


def test_a_solution_without_metrics_has_no_chart():
    assert drawn([{**row, "metrics": None} for row in YOU]) is None
