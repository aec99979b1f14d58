"""Whose turn it is among the runs of a DAG: one at a time works on a dataset group, in the order of their begin.

Airflow's `max_active_runs=1` would order them as well, but before their first task: a form that is refused and a dry
run would wait for hours, and a run that only waits for a person's answer would hold up all that come after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

UNFINISHED_RUNS = ["queued", "running"]
WAITING_FOR_ANSWER = "awaiting_input"
_FINISHED = {"success", "failed", "skipped", "upstream_failed", "removed"}
#: Not among them: tasks that have no state yet, since what comes before them decides when they begin.
_WORKING = {
    "scheduled",
    "queued",
    "running",
    "restarting",
    "deferred",
    "up_for_retry",
    "up_for_reschedule",
}


class RunStates(Protocol):
    """The part of Airflow's `RuntimeTaskInstance` that tells of other runs."""

    def get_dr_count(self, dag_id: str, *, run_ids: list[str], states: list[str]) -> int: ...

    def get_task_states(
        self, dag_id: str, *, task_ids: list[str] | None = None, run_ids: list[str] | None = None
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, order=True)
class Ticket:
    """A run's place in the order: when it began, and to tell two of one moment apart, its id."""

    began: str
    run_id: str


def is_busy(states: Iterable[str | None]) -> bool:
    """Whether a run that is not over works, by the states of its tasks; one that waits for an answer does not."""
    present = set(states)
    return WAITING_FOR_ANSWER not in present or bool(present & _WORKING)


def is_over(states: Iterable[str | None]) -> bool:
    """Whether a run is over, by the states of its last tasks."""
    return all(state in _FINISHED for state in states)


def are_waiting(state: str | None) -> bool:
    """Whether the task that waits for a run's turn has begun and not ended."""
    return state in _WORKING


def ahead(
    turns: Mapping[str, str | None], tickets: Mapping[str, Ticket | None], own: Ticket
) -> Sequence[str]:
    """The runs that go first: those that have had their turn and go on, and those that began to wait earlier.

    :param turns: by run that is not over, the state of its task that waits for the turn
    :param tickets: by waiting run, its ticket; None where it has none yet
    """
    first = []
    for run_id, state in turns.items():
        ticket = tickets.get(run_id)
        if state == "success" or (are_waiting(state) and ticket is not None and ticket < own):
            first.append(run_id)
    return first


def busy_runs(source: RunStates, dag_id: str, run_ids: Iterable[str]) -> list[str]:
    """Those of some runs that are not over and work."""
    return [
        run_id
        for run_id in run_ids
        if source.get_dr_count(dag_id, run_ids=[run_id], states=UNFINISHED_RUNS)
        and is_busy(source.get_task_states(dag_id, run_ids=[run_id]).get(run_id, {}).values())
    ]
