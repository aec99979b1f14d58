"""How to train, as opposed to what on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from localpersonalize.recipes.base.objective import Objective


class TrainingStoppedError(Exception):
    """Somebody stopped the training (`StopSolutionVersionCreation`)."""


def _ignore(fraction: float, message: str) -> None:
    """Progress that nobody watches."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class TrainingOptions:
    """How to train: the same seed and threads give the same model.

    `progress`: called with the fraction done (0 to 1) and a message. `should_stop`: asked at every step. `now`:
    epoch seconds that "current time" means, None for the newest interaction. `objective`: what to optimise for
    beside relevance.
    """

    seed: int = 0
    threads: int = 2
    progress: Callable[[float, str], None] = _ignore
    should_stop: Callable[[], bool] = _never
    now: int | None = None
    objective: Objective | None = None

    def step(self, fraction: float, message: str) -> None:
        """Report progress (0 to 1).

        :raises TrainingStoppedError: if training was asked to stop.
        """
        self.progress(fraction, message)
        if self.should_stop():
            raise TrainingStoppedError(message)

    def part(self, start: float, end: float) -> TrainingOptions:
        """Options whose progress, 0 to 1, is reported as that from `start` to `end` of these."""

        def progress(fraction: float, message: str) -> None:
            self.progress(start + (end - start) * fraction, message)

        return replace(self, progress=progress)
