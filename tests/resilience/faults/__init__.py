"""Everything that can go wrong on a day, in one list, and which of it goes wrong when."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.resilience.faults import data, people, processes, surroundings
from tests.resilience.faults.base import Fault
from tests.support.shifted_clock import can_be_shifted

FAULTS: Sequence[type[Fault]] = (
    data.LateRows,
    data.VeryLateRows,
    data.NoEvents,
    data.TenfoldDay,
    data.ColumnAdded,
    data.ColumnRenamed,
    data.TypeChanged,
    data.IdsAreText,
    surroundings.DatabaseDown,
    surroundings.DatabaseRestarted,
    surroundings.DatabaseSlow,
    surroundings.Throttled,
    surroundings.ServerErrors,
    surroundings.LostRequests,
    surroundings.LostAnswers,
    surroundings.SlowAnswers,
    surroundings.QuotaReached,
    surroundings.DiskFull,
    processes.SchedulerKilled,
    processes.TriggererKilled,
    processes.DagProcessorKilled,
    processes.ApiServerKilled,
    processes.WorkerKilled,
    processes.AllWorkersKilled,
    processes.ServiceKilled,
    processes.WorkerFrozen,
    processes.TwoSchedulers,
    people.ClearsWhatHasSucceeded,
    people.MarksFailed,
    people.TriggersTwice,
    people.BackfillsDuringARun,
    people.BreaksThePipelineFile,
    people.RollsBack,
    *([surroundings.ClockJumps] if can_be_shifted() else []),
)
BY_NAME = {fault.__name__: fault for fault in FAULTS}
#: A day and the name of what goes wrong on it, from 1.
Event = tuple[int, str]


def draw_events(seed: int, days: int, first: int = 1) -> list[Event]:
    """One fault or two on every day but the first, in a drawn order that leaves out none before it repeats one."""
    draw = random.Random(seed)
    names: list[str] = []
    events: list[Event] = []
    for day in range(first + 1, first + days):
        today: list[str] = []
        for _ in range(draw.choice((1, 1, 2))):
            if not names:
                names = draw.sample(sorted(BY_NAME), len(BY_NAME))
            if not any(_excludes(names[-1], other) for other in today):
                today.append(names.pop())
        events += [(day, name) for name in today]
    return events


def _excludes(name: str, other: str) -> bool:
    places = BY_NAME[name].place, BY_NAME[other].place
    return name == other or (places[0] is not None and places[0] == places[1])


def make(seed: int, event: Event) -> Fault:
    """The fault of an event; what it draws depends on nothing else, so that it is the same when others are left out."""
    day, name = event
    return BY_NAME[name](random.Random(f"{seed} {day} {name}"))
