"""A run waits for those before it, unless they only wait for a person; a dry run waits for none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from encore.operators.wait_for_turn import PersonalizeWaitForTurnOperator

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Runs:
    """The runs of a DAG as Airflow's task instance tells of them: one task waits for the turn, one comes last."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, str | None]] = {}
        self.xcoms: dict[tuple[str, str], Any] = {}

    def add(self, run_id: str, turn: str | None, *, began: int = 0, **states: str | None) -> None:
        self.states[run_id] = {"turn": turn, "last": None, **states}
        self.xcoms[run_id, "began"] = (BEGIN + timedelta(seconds=began)).isoformat()

    def context(self, run_id: str, began: int) -> Any:
        ti = SimpleNamespace(
            dag_id="retrain",
            run_id=run_id,
            xcom_push=lambda key, value: self.xcoms.__setitem__((run_id, key), value),
            xcom_pull=lambda task_ids, key, run_id: self.xcoms.get((run_id, key)),
            get_dr_count=self.count,
            get_task_states=self.task_states,
        )
        run = SimpleNamespace(start_date=BEGIN + timedelta(seconds=began))
        return {"ti": ti, "dag_run": run, "dag": SimpleNamespace(leaves=[SimpleNamespace(task_id="last")])}

    def count(self, dag_id: str, *, run_ids: list[str] | None = None, states: list[str]) -> int:
        assert states == ["queued", "running"]
        return sum(
            self.states[run_id]["last"] is None
            for run_id in (run_ids if run_ids is not None else self.states)
        )

    def task_states(self, dag_id: str, *, task_ids: Any = None, run_ids: Any = None) -> dict[str, Any]:
        return {
            run_id: {task: state for task, state in states.items() if task_ids is None or task in task_ids}
            for run_id, states in self.states.items()
            if run_ids is None or run_id in run_ids
        }


@pytest.fixture
def runs():
    return Runs()


def begin(runs, run_id="manual__me", began=10, event=None, **arguments):
    """The runs that a run waits for; None if it goes on."""
    runs.states.setdefault(run_id, {"turn": "running", "last": None})
    operator = PersonalizeWaitForTurnOperator(task_id="turn", **arguments)
    try:
        operator.execute(runs.context(run_id, began), event)
    except TaskDeferred as deferred:
        return deferred.trigger.run_ids
    return None


def test_a_run_that_is_alone_goes_at_once(runs):
    runs.add("manual__old", "success", last="success")
    assert begin(runs) is None


def test_it_waits_for_the_run_that_works_and_for_those_that_wait_longer(runs):
    runs.add("manual__works", "success", train="deferred")
    runs.add("manual__waits", "deferred", began=5)
    runs.add("manual__later", "deferred", began=15)
    runs.add("manual__refused", "skipped")
    assert begin(runs) == ["manual__works", "manual__waits"]
    assert begin(runs, event={}) == ["manual__works", "manual__waits"]


def test_a_run_with_an_open_question_lets_it_pass_once_that_was_seen_twice(runs):
    runs.add("manual__asks", "success", train="success", approve="awaiting_input")
    assert begin(runs) == ["manual__asks"]
    assert begin(runs, event={}) is None
    runs.states["manual__asks"]["train"] = "running"
    assert begin(runs, event={}) == ["manual__asks"]


def test_two_that_begin_together_both_look_twice(runs):
    runs.add("manual__beside", "running", began=20)
    assert begin(runs) == []  # only a pause
    assert begin(runs, event={}) is None


def test_a_cleared_run_that_was_worked_on_before_counts_as_one_that_works(runs):
    runs.add("manual__cleared", "success", train=None)
    assert begin(runs) == ["manual__cleared"]


def test_a_dry_run_waits_for_nothing(runs):
    runs.add("manual__works", "success", train="running")
    assert begin(runs, unless=True) is None


@pytest.mark.parametrize(
    ("other", "own", "is_skipped"),
    [
        ("scheduled__1", "scheduled__2", True),
        ("manual__1", "scheduled__2", False),
        ("scheduled__1", "manual__2", False),
    ],
)
def test_scheduled_runs_do_not_pile_up(runs, other, own, is_skipped):
    runs.add("manual__works", "success", train="running")
    runs.add(other, "deferred", began=5)
    if is_skipped:
        with pytest.raises(AirflowSkipException, match="scheduled__1 waits already"):
            begin(runs, own)
    else:
        assert begin(runs, own) == ["manual__works", other]


def test_a_scheduled_run_that_works_does_not_make_the_next_superfluous(runs):
    """Its data is older than that of the next."""
    runs.add("scheduled__1", "success", began=5, train="running")
    assert begin(runs, "scheduled__2") == ["scheduled__1"]
