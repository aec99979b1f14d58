"""A job, and what the function that does it may use."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from localpersonalize.jobs.task_runner import TaskFailedError, TaskRunner
from localpersonalize.resources.context import Context, JobName


class DataLocks:
    """Lets only one job at a time change a dataset's data."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def hold(self, arns: Iterable[str]) -> Iterator[None]:
        with ExitStack() as stack:
            for arn in sorted(arns):  # always in this order, so that two never wait for each other
                stack.enter_context(self._locks[arn])
            yield


@dataclass(frozen=True)
class JobContext:
    """One job as its function sees it.

    `earliest_end`: on the monotonic clock, when the share of the real service's time has passed that `--pace` asks
    for; `closing` is set when the service stops.
    """

    name: JobName
    arn: str
    details: Mapping[str, Any]
    tasks: TaskRunner
    locks: DataLocks
    earliest_end: float
    closing: threading.Event

    def wait_for_pace(self) -> None:
        """Wait until the job has taken as long as it shall."""
        left = self.earliest_end - time.monotonic()
        if left > 0:
            self.closing.wait(left)

    def run_task(
        self, task: str, on_progress: Callable[[str], None] | None = None, **details: Any
    ) -> dict[str, Any]:
        """Run a task for this job's resource in a process of its own, and return its result.

        :raises TaskFailedError: if the task is refused or the process dies.
        :raises TaskStoppedError: if the resource's worker was stopped.
        """
        return self.tasks.run(task, self.arn, on_progress, details)

    def raise_fault(self) -> None:
        """
        :raises TaskFailedError: if a fault was asked for; tasks in processes meet theirs by themselves.
        """
        if reason := self.tasks.faults.of_job(self.name):
            raise TaskFailedError(reason)


@dataclass(frozen=True)
class JobType:
    """What a job does. `minutes` is about what the real service takes.

    A `heavy` one works in a process of its own, at most as many at a time as the machine has cores.
    """

    name: JobName
    function: Callable[[Context, JobContext], None]
    minutes: float
    heavy: bool = False
