"""SIGKILL and SIGSTOP for parts of the stack; each is started again at once, as its host's manager would."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from demo.processes import Process
from tests.resilience.faults.base import Fault, SuddenFault

if TYPE_CHECKING:
    from tests.resilience.month import Month
    from tests.resilience.observation import Run

FROZEN_SECONDS = 50  # longer than a task may be silent before it is taken for dead


class ComponentKilled(SuddenFault):
    """SIGKILL for one of Airflow's components."""

    component: str

    def strike(self, month: Month, run: Run) -> None:
        month.stack.kill(self.component)


class SchedulerKilled(ComponentKilled):
    component = "scheduler"


class TriggererKilled(ComponentKilled):
    component = "triggerer"


class DagProcessorKilled(ComponentKilled):
    component = "dag-processor"


class ApiServerKilled(ComponentKilled):
    """What tasks report to."""

    component = "api-server"


class WorkerKilled(SuddenFault):
    """SIGKILL for a worker with the tasks that it runs."""

    def strike(self, month: Month, run: Run) -> None:
        month.stack.kill_worker(self.draw.randrange(2))


class AllWorkersKilled(SuddenFault):
    """Both at once."""

    def strike(self, month: Month, run: Run) -> None:
        for number in range(2):
            month.stack.kill_worker(number)


class ServiceKilled(SuddenFault):
    """SIGKILL for localpersonalize, S3 and its workers with it."""

    place = "service"

    def strike(self, month: Month, run: Run) -> None:
        with month.without_service():
            month.stack.kill_service()


class WorkerFrozen(SuddenFault):
    """A worker that stands still until its tasks are taken for dead, and then goes on with them."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self._family: list[psutil.Process] = []
        self._since = 0.0

    def strike(self, month: Month, run: Run) -> None:
        worker = psutil.Process(month.stack.worker(self.draw.randrange(2)).popen.pid)
        self._family, self._since = [worker, *worker.children(recursive=True)], time.monotonic()
        self._signal(signal.SIGSTOP)

    def step(self, month: Month, run: Run) -> None:
        super().step(month, run)
        if self._family and time.monotonic() - self._since > FROZEN_SECONDS:
            self.heal(month)

    def heal(self, month: Month) -> None:
        self._signal(signal.SIGCONT)
        self._family = []

    def _signal(self, number: signal.Signals) -> None:
        for process in self._family:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)


class TwoSchedulers(Fault):
    """A second scheduler works beside the first all day, and is killed in the end."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__(draw)
        self._second: Process | None = None

    def inject(self, month: Month) -> None:
        self._second = month.stack.add_component("scheduler", "scheduler-2")

    def heal(self, month: Month) -> None:
        if self._second:
            month.stack.remove_component(self._second)
            self._second = None
