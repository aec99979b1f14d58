"""A job, and what the function that does it may use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from localpersonalize.database import Database
from localpersonalize.jobs.task_runner import ServiceEndsError, TaskFailedError, TaskRunner
from localpersonalize.resources.context import Context, JobName


class DataLocks:
    """Lets only one job at a time change a dataset's data, the oldest first of those that wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[int, frozenset[str]] = {}
        self._held: set[str] = set()

    @contextmanager
    def hold(self, number: int, arns: Iterable[str]) -> Iterator[None]:
        """
        :param number: of the job; a later one that needs one of the same datasets waits for it.
        """
        wanted = frozenset(arns)
        with self._changed:
            self._waiting[number] = wanted
            self._changed.wait_for(lambda: self._is_turn_of(number))
            del self._waiting[number]
            self._held |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._held -= wanted
                self._changed.notify_all()

    def _is_turn_of(self, number: int) -> bool:
        before = [arns for other, arns in self._waiting.items() if other < number]
        return self._waiting[number].isdisjoint(self._held.union(*before))


@dataclass(frozen=True)
class JobContext:
    """One job as its function sees it.

    `number`: of its row in the database; `group`: the dataset group that it works for; `earliest_end`: on the monotonic
    clock, when the share of the real service's time has passed that `--pace` asks for; `closing` is set when the
    service stops.
    """

    number: int
    name: JobName
    arn: str
    group: str
    details: Mapping[str, Any]
    tasks: TaskRunner
    locks: DataLocks
    earliest_end: float
    closing: threading.Event

    def wait_for_pace(self) -> None:
        """Wait until the job has taken as long as it shall.

        :raises ServiceEndsError: if the service stops first.
        """
        left = self.earliest_end - time.monotonic()
        if left > 0:
            self.wait(left)

    def wait(self, seconds: float) -> None:
        """
        :raises ServiceEndsError: if the service stops first.
        """
        if self.closing.wait(seconds):
            raise ServiceEndsError(self.arn)

    @contextmanager
    def end(self, database: Database) -> Iterator[None]:
        """What the job changes at its end, and that it ended, in one transaction.

        A job that were left over would be done again after a restart, to what has the same ARN then.

        :raises ServiceEndsError: if the service stops: the job may have failed for want of it.
        """
        if self.closing.is_set():
            raise ServiceEndsError(self.arn)
        with database.transaction():
            yield
            database.finish_job(self.number)

    def data_locks(self, arns: Iterable[str]) -> AbstractContextManager[None]:
        """Let no other job change the data of these datasets."""
        return self.locks.hold(self.number, arns)

    def run_task(
        self, task: str, on_progress: Callable[[str], None] | None = None, **details: Any
    ) -> dict[str, Any]:
        """Run a task for this job's resource in a process of its own, and return its result.

        :raises TaskFailedError: if the task is refused or the process dies.
        :raises TaskStoppedError: if the resource's worker was stopped.
        :raises ServiceEndsError: if the service stops first.
        """
        return self.tasks.run(task, self.arn, self.group, on_progress, details)

    def raise_fault(self) -> None:
        """
        :raises TaskFailedError: if a fault was asked for; tasks in processes meet theirs by themselves.
        """
        if reason := self.tasks.faults.of_job(self.name):
            raise TaskFailedError(reason)


@dataclass(frozen=True)
class JobType:
    """What a job does. `minutes` is about what the real service takes.

    A `heavy` one works in a process of its own, of which there are only some at a time.
    """

    name: JobName
    function: Callable[[Context, JobContext], None]
    minutes: float
    heavy: bool = False
