"""A fault: what it does to a day, and how it ends."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.end_to_end.pipeline_stack import RETRAIN

if TYPE_CHECKING:
    from tests.resilience.month import Month
    from tests.resilience.observation import Run

ROWS, SURROUNDINGS = 0, 1
MOST_TASKS_BEFORE = 22  # of the 30 that a retraining has, or so


class Fault:
    """Nothing goes wrong.

    :cvar order: of injection; what is done to rows needs a database that answers
    :cvar place: what it is done to; two faults of one place do not meet on a day
    :cvar said: what somebody must have heard of a day with this fault alone
    :cvar hides_history: whether nothing can be recorded before it is healed
    :ivar has_happened: what has not, is not survived either
    """

    order = SURROUNDINGS
    place: str | None = None
    hides_history = False
    said: tuple[str, ...] = ()

    has_happened = True

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def inject(self, month: Month) -> None:
        """Before the day's runs."""

    def step(self, month: Month, run: Run) -> None:
        """Again and again, while a run goes on."""

    def heal(self, month: Month) -> None:
        """When a run has failed, and after the day; what is over stays so."""

    def finish(self, month: Month) -> None:
        """Once, when the day's runs have ended well."""


class SuddenFault(Fault):
    """Happens once, in the middle of the retraining: when it has so many tasks behind it."""

    has_happened = False

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self.tasks_before = draw.randrange(MOST_TASKS_BEFORE)

    def step(self, month: Month, run: Run) -> None:
        if self.has_happened or run.dag_id != RETRAIN:
            return
        if sum(state == "success" for state in run.tasks.values()) >= self.tasks_before:
            self.has_happened = True
            self.strike(month, run)

    def strike(self, month: Month, run: Run) -> None:
        raise NotImplementedError
