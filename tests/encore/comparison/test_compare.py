"""The comparison's table on a shop where it is known which version is better."""

from __future__ import annotations

import numpy as np
import pytest

from encore.comparison.compare import LIVE, NEIGHBOURS, NEW, POPULAR, Compared, compare
from encore.comparison.metrics import accuracy
from encore.comparison.rule import findings
from encore.comparison.table import (
    QUESTION_COLUMNS,
    as_document,
    columns_of,
    metric_rows,
    question_rows,
    segment_rows,
    summary,
)
from encore.config.comparison import SameUsersRule
from tests.support.comparisons import lists, shop

NDCG = "ndcg_at_25"
ATTRIBUTES = {f"u{number:04}": "gold" if number % 2 else "basic" for number in range(120)}


def compared(new_noise: float, live_noise: float | None = 0.5, **arguments) -> Compared:
    held_back, scores = shop(attributes=ATTRIBUTES)
    live = None if live_noise is None else lists(scores, live_noise, seed=2)
    return compare(held_back, lists(scores, new_noise), live, metric=NDCG, confidence=0.95, **arguments)


def outcomes(table: Compared, popularity: bool = True, **rule) -> dict[str, str]:
    settings = SameUsersRule.model_validate(rule)
    return {finding.against: finding.outcome for finding in findings(table, settings, popularity)}


def test_a_much_worse_version_is_seen_and_a_better_one_too():
    assert outcomes(compared(60.0)) == {"live": "worse", "popularity": "worse"}
    assert outcomes(compared(0.1, live_noise=8.0)) == {"live": "met", "popularity": "met"}
    assert outcomes(compared(0.1, live_noise=8.0), require="better")["live"] == "met"


def test_the_same_answers_are_not_worse_and_not_better():
    held_back, scores = shop()
    same = lists(scores, 0.5)
    table = compare(held_back, same, same, metric=NDCG, confidence=0.95)
    assert outcomes(table)["live"] == "met"
    assert outcomes(table, require="better")["live"] == "undecided"
    assert table.line("overlap with live").means[NEW] == 1


@pytest.mark.parametrize(("allowed", "outcome"), [(0.9, "met"), (0.01, "worse")])
def test_how_much_worse_is_allowed_is_the_files_to_say(allowed, outcome):
    assert outcomes(compared(3.0), not_worse_by=allowed)["live"] == outcome


def test_an_interval_that_says_neither_is_undecided():
    table = compared(0.6)
    assert outcomes(table, not_worse_by=0.001)["live"] == "undecided"


def test_without_a_live_version_only_the_popular_items_are_compared_with():
    table = compared(0.5, live_noise=None)
    assert set(outcomes(table)) == {"popularity"}
    assert outcomes(table, popularity=False) == {}
    assert "nothing is live" in summary(table)
    for columns, rows in zip(columns_of(table), (segment_rows(table), metric_rows(table)), strict=True):
        assert len(set(columns)) == len(columns)
        assert {len(row) for row in rows} == {len(columns)}


def test_segments_are_parts_of_all_users_and_too_small_ones_are_left_out():
    lines = {line.segment: line.users for line in compared(0.5).segments()}
    everybody = lines.pop("all users")
    assert everybody == 120
    assert "new users" not in lines, "ten are too few"
    light, heavy = (
        next(users for name, users in lines.items() if name.startswith(kind)) for kind in ("light", "heavy")
    )
    assert light + heavy == lines["known users"] == 110
    assert lines["gold"] + lines["basic"] == 120


def test_the_means_are_those_of_each_list_and_the_difference_is_theirs():
    held_back, scores = shop()
    new, live = lists(scores, 0.2), lists(scores, 2.0, seed=2)
    line = compare(held_back, new, live, metric=NDCG, confidence=0.95).line(NDCG)
    assert set(line.means) == {NEW, LIVE, POPULAR, NEIGHBOURS}
    assert line.means[NEW] == pytest.approx(accuracy(new, held_back.truth_of(None))[NDCG].mean())
    assert line.intervals[LIVE].difference == pytest.approx(line.means[NEW] - line.means[LIVE])


def test_users_without_an_event_of_the_type_are_left_out():
    assert compared(0.5, event_type="buy").users == 0
    assert findings(compared(0.5, event_type="buy"), SameUsersRule(), True) == []


def test_a_table_survives_being_handed_on():
    table = compared(0.5)
    document = as_document(table)
    assert Compared.from_json(document) == table
    assert summary(table) == document["summary"]
    for text in ("all users", "gold", "novelty", "coverage", "last-item neighbours"):
        assert text in document["text"]
        assert text in document["markdown"]


@pytest.mark.parametrize("seed", range(5))
def test_knowing_the_last_event_of_each_user_gains_nothing(seed):
    """The comparison's truth is from after the cut, so what a version has memorised of its data is no part of it."""
    held_back, scores = shop(seed)
    live = lists(scores, 0.5)
    last = np.where(held_back.last_items >= 0, held_back.last_items, live[:, 0])
    rest = np.array([row[row != item][:24] for row, item in zip(live, last, strict=True)])
    line = compare(held_back, np.column_stack([last, rest]), live, metric=NDCG, confidence=0.95).line(NDCG)
    assert line.intervals[LIVE].difference < 0


def test_a_question_says_for_whom_it_is_better_and_by_what_share_first():
    table = compared(0.2, live_noise=2.0)
    rows = question_rows(table)
    assert {len(row) for row in rows} == {len(QUESTION_COLUMNS)}
    segment, verdict, change, interval, users = rows[0]
    assert (segment, verdict, users) == ("all users", "**better**", "120")
    line = table.line(table.metric)
    assert change == f"{line.intervals[LIVE].difference / line.means[LIVE]:+.1%}"
    assert interval.startswith("+")
    without = question_rows(compared(0.5, live_noise=None))
    assert without[0][1].strip("*") in {"better", "worse", "no difference shown"}
