"""Runs of one dataset group take turns, in the order of their begin, and a question to a person holds up nobody."""

from __future__ import annotations

import itertools
import random

import pytest

from encore.runs import turns
from encore.runs.turns import Ticket, ahead, is_busy


@pytest.mark.parametrize(
    ("states", "busy"),
    [
        (["success", None], True),  # the scheduler is about to take up the next task
        (["success", "running"], True),
        (["awaiting_input", None, "success"], False),
        (["awaiting_input", "deferred"], True),  # another solution of the run still trains
        (["awaiting_input", "up_for_retry"], True),
        (["awaiting_input", "queued", None], True),
        (["awaiting_input", "failed", "upstream_failed"], False),
    ],
)
def test_a_run_that_only_waits_for_an_answer_is_not_busy(states, busy):
    assert is_busy(states) is busy


def test_a_run_is_over_with_its_last_tasks():
    assert turns.is_over(["success", "skipped", "failed"])
    assert not turns.is_over(["success", None])
    assert not turns.is_over(["running"])


def test_of_two_runs_that_wait_the_one_that_began_earlier_goes_first():
    own = Ticket("2026-01-01T00:00:05+00:00", "b")
    tickets = {"a": Ticket("2026-01-01T00:00:05+00:00", "a"), "c": Ticket("2026-01-01T00:00:05+00:00", "c")}
    assert ahead({"a": "deferred", "c": "deferred"}, tickets, own) == ["a"]
    assert ahead({"a": "success", "c": "success"}, tickets, own) == ["a", "c"]
    assert ahead({"a": "skipped", "c": None, "d": "failed"}, {}, own) == []
    assert ahead({"a": "queued"}, {"a": None}, own) == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_order_of_looking_one_run_goes_at_a_time_and_all_go(seed):
    """Runs that begin and look in any order, as the operator does: with a ticket first, and twice if not alone."""
    order = random.Random(seed)
    names = "abcd"
    began = {name: f"2026-01-01T00:00:0{number}+00:00" for number, name in enumerate(names)}
    tickets: dict[str, Ticket] = {}
    state: dict[str, str | None] = dict.fromkeys(names)
    has_looked: set[str] = set()
    done: set[str] = set()
    for _ in itertools.count():
        waiting = [name for name in names if state[name] != "success"]
        holding = [name for name in names if state[name] == "success" and name not in done]
        assert len(holding) <= 1
        if not waiting:
            break
        if holding and order.random() < 0.5:
            done.add(holding[0])
            continue
        name = order.choice(waiting)
        if name not in tickets:
            tickets[name], state[name] = Ticket(began[name], name), "running"
            continue
        others = {other: state[other] for other in names if other != name and other not in done}
        active = {other for other, state_now in others.items() if state_now}
        if not ahead(others, {other: tickets.get(other) for other in others}, tickets[name]) and (
            not active or name in has_looked
        ):
            state[name] = "success"
        has_looked.add(name)
