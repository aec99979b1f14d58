"""The next tick, and not the last one: what a DAG runs by its schedule once it is unpaused."""

from __future__ import annotations

from datetime import timedelta

import pendulum
import pytest
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction

from encore.timetable import NextTickTimetable

TICK = pendulum.datetime(2026, 3, 10, 3, tz="UTC")
TOMORROW = TICK.add(days=1)


def next_run(monkeypatch, now: pendulum.DateTime, last: pendulum.DateTime | None, *, catchup: bool = False):
    for module in ("encore.timetable", "airflow.timetables.trigger"):
        monkeypatch.setattr(f"{module}.utcnow", lambda: now)
    info = NextTickTimetable("0 3 * * *", timezone="UTC").next_dagrun_info(
        last_automated_data_interval=DataInterval.exact(last) if last else None,
        restriction=TimeRestriction(
            earliest=pendulum.datetime(2020, 1, 1, tz="UTC"), latest=None, catchup=catchup
        ),
    )
    return info.run_after


@pytest.mark.parametrize(
    ("last", "minutes"),
    [(None, 2), (None, 720), (None, 1439), *((TICK.subtract(days=40), later) for later in (61, 720, 1439))],
)
def test_unpausing_starts_nothing_before_the_next_tick(monkeypatch, last, minutes):
    assert next_run(monkeypatch, TICK.add(minutes=minutes), last) == TOMORROW


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=20), timedelta(minutes=50)])
def test_a_tick_that_a_restart_of_the_scheduler_missed_is_run(monkeypatch, late):
    assert next_run(monkeypatch, TICK + late, TICK.subtract(days=1)) == TICK


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=50)])
def test_the_first_tick_is_run_though_the_file_is_parsed_again_just_then(monkeypatch, late):
    assert next_run(monkeypatch, TICK + late, None) == TICK


def test_before_a_tick_it_is_the_next_run(monkeypatch):
    assert next_run(monkeypatch, TICK.subtract(hours=1), TICK.subtract(days=1)) == TICK
    assert next_run(monkeypatch, TICK.add(seconds=5), TICK) == TOMORROW


def test_catching_up_is_left_as_it_is(monkeypatch):
    assert next_run(monkeypatch, TICK.add(hours=9), TICK.subtract(days=3), catchup=True) == TICK.subtract(
        days=2
    )


def test_the_scheduler_reads_it_from_a_serialised_dag():
    with DAG("d", schedule=NextTickTimetable("0 3 * * *", timezone="UTC")) as dag:
        pass
    read = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    assert isinstance(read.timetable, NextTickTimetable)
    assert read.timetable.summary == "0 3 * * *"
