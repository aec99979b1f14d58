"""The days that a run of `export_interactions` covers."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from encore.runs.export_days import days_to_export, in_tasks, partitions

TODAY = date(2026, 3, 10)
INTERVAL = (datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))


def test_a_scheduled_run_covers_its_data_interval():
    assert days_to_export(None, None, INTERVAL, TODAY) == [date(2026, 3, 9)]


def test_a_scheduled_run_covers_days_before_its_own_again():
    days = days_to_export(None, None, INTERVAL, TODAY, reexport_days=2)
    assert days == [date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9)]
    assert days_to_export("2026-03-01", "2026-03-01", INTERVAL, TODAY, reexport_days=2) == [date(2026, 3, 1)]


def test_given_dates_are_both_included():
    days = days_to_export("2026-02-27", "2026-03-02", INTERVAL, TODAY)
    assert [day.isoformat() for day in days] == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        ("2026-03-01", None, "go together"),
        (None, "2026-03-01", "go together"),
        ("2026-03-02", "2026-03-01", "after to_date"),
        ("2026-03-09", "2026-03-10", "not over yet"),
    ],
)
def test_dates_that_make_no_sense_are_refused(first, last, message):
    with pytest.raises(ValueError, match=message):
        days_to_export(first, last, INTERVAL, TODAY)


def test_partitions_meet_without_gap_or_overlap():
    made = partitions([date(2026, 2, 28), date(2026, 3, 1)])
    assert [entry["key"] for entry in made] == ["2026-02-28", "2026-03-01"]
    assert made[0]["end"] == made[1]["start"] == "2026-03-01T00:00:00+00:00"


def test_tasks_share_the_days_in_order_and_none_twice():
    days = days_to_export("2026-01-01", "2026-03-09", INTERVAL, TODAY)
    tasks = in_tasks(days, per_task=31)
    assert [len(task) for task in tasks] == [31, 31, 6]
    assert [entry["key"] for task in tasks for entry in task] == [day.isoformat() for day in days]
