"""The command, without a stack: what it plays again after a month that fails, and what it says in the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from tests.resilience import __main__ as command
from tests.resilience.faults import Event

EVENTS = [(2, "LateRows"), (3, "MarksFailed"), (3, "Throttled"), (4, "WorkerKilled"), (5, "NoEvents")]


@pytest.fixture
def run(monkeypatch, capsys):
    """The command with months that take no time: its exit code, what it has printed, and what it has played."""

    def run(broken, *arguments: str):
        played: list[tuple[int, list[Event]]] = []

        def play(seed: int, days: int, events: Sequence[Event], report, until, *options) -> list[str]:
            played.append((days, list(events)))
            day = broken(events)
            report.seconds.append(1.0)
            return [f"day {day}: something"] if day is not None and day <= days else []

        monkeypatch.setattr(command, "play", play)
        monkeypatch.setattr(sys, "argv", ["tests.resilience", *arguments])
        return command.main(), capsys.readouterr().out, played

    return run


def test_a_failing_month_is_shrunk_to_the_two_events_that_it_takes(run):
    needed = {(2, "LateRows"), (3, "Throttled")}
    text = " ".join(f"{day}:{name}" for day, name in EVENTS)
    code, said, played = run(
        lambda events: 4 if needed <= set(events) else None, "--seeds", "7", "--days", "5", "--events", text
    )
    assert code == 1
    assert '--seeds 7 --events "2:LateRows 3:Throttled"' in said
    assert played[0] == (5, EVENTS)
    assert all(days == 4 and max(events, default=(0,))[0] <= 4 for days, events in played[1:])


def test_months_on_which_nothing_breaks_end_well_and_are_played_once(run):
    code, said, played = run(lambda events: None, "--seeds", "1,2", "--days", "3")
    assert code == 0
    assert "2 simulated days" in said
    assert [days for days, _ in played] == [3, 3]


def test_what_fails_without_any_event_names_none(run):
    code, said, _ = run(lambda events: 1, "--seeds", "1", "--days", "3")
    assert code == 1
    assert '--seeds 1 --events ""' in said
    _, _, played = run(lambda events: None, "--seeds", "1", "--days", "3", "--events", "")
    assert played == [(3, [])], "which is how it is played again"


def test_no_month_begins_when_the_time_is_over_and_one_that_cannot_begin_is_not_shrunk(run):
    code, said, played = run(lambda events: None, "--seeds", "1,2", "--minutes", "-1")
    assert (code, played) == (0, [])
    assert said.count("the time is over") == 2

    def breaks_down(events: Sequence[Event]) -> int:
        raise RuntimeError("no redis")

    code, said, played = run(breaks_down, "--seeds", "1", "--days", "3")
    assert code == 1
    assert "seed 1 fails: day 0: RuntimeError: no redis" in said
    assert len(played) == 1
