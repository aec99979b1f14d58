"""Runs tasks in worker processes: sends the request, follows the progress, returns the result."""

from __future__ import annotations

import json
import logging
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localpersonalize.aws.clients import Clients
from localpersonalize.fault_injection import Faults
from localpersonalize.jobs.machine import MEGABYTE, WorkerLimits
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.jobs.worker_pool import Worker, WorkerPool
from localpersonalize.jobs.worker_slots import WorkerSlots

log = logging.getLogger(__name__)

OnProgress = Callable[[str], None]

ATTEMPTS = 2  # of a task whose worker the system kills


class TaskFailedError(Exception):
    """A worker process refused its task (the text is the reason) or died."""


class TaskStoppedError(Exception):
    """Somebody asked to stop the task."""


class ServiceEndsError(Exception):
    """The service ends before the job is done: it stays in the database, and is taken up at the next start."""


class TaskRunner:
    """Runs tasks, at most one at a time for a resource, and as many in all as the limits say."""

    def __init__(self, data_dir: Path, clients: Clients, faults: Faults, limits: WorkerLimits) -> None:
        self.faults = faults
        self._data_dir, self._clients, self._limits = data_dir, clients, limits
        self._pool, self._slots = WorkerPool(), WorkerSlots(limits.workers)
        self._workers: dict[str, Worker] = {}
        self._stopped: set[str] = set()
        self._progress: dict[str, str] = {}
        self._closed = False

    def run(
        self, task: str, arn: str, group: str, on_progress: OnProgress | None, details: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Run a task in a process of its own and return its result.

        :param group: of datasets; groups take turns when more tasks wait than may run.
        :raises TaskFailedError: if the task is refused or the process dies.
        :raises TaskStoppedError: if `stop` was called for `arn`.
        :raises ServiceEndsError: if `close` was called.
        """
        with self._slots.hold(group, lambda: self._closed or arn in self._stopped):
            self._raise_if_ended(arn)
            if reason := self.faults.of_job(task):
                raise TaskFailedError(reason)
            request = TaskRequest(task, arn, self._data_dir, self._clients, details, self._limits.memory)
            for attempt in range(1, ATTEMPTS + 1):
                conversation = self._try(request, on_progress)
                self._raise_if_ended(arn)
                if conversation.result is not None:
                    return conversation.result
                reason = conversation.how_it_died()
                if not conversation.was_killed() or attempt == ATTEMPTS:
                    break
                log.warning("%s of %s: %s It is tried again.", task, arn, reason)
        raise TaskFailedError(reason)

    def progress(self, arn: str) -> str:
        """What the worker of a resource said last; empty without a worker, or before its first word."""
        return self._progress.get(arn, "")

    def stop(self, arn: str) -> None:
        """Stop the worker of a resource, or keep it from starting."""
        self._stopped.add(arn)
        worker = self._workers.get(arn)
        if worker:
            worker.terminate()
        self._slots.wake()

    def close(self) -> None:
        """End all workers."""
        self._closed = True
        self._slots.wake()
        self._pool.close()
        for worker in list(self._workers.values()):
            worker.kill()

    def _try(self, request: TaskRequest, on_progress: OnProgress | None) -> _Conversation:
        worker = self._workers[request.arn] = self._pool.acquire()

        def take_down(text: str) -> None:
            self._progress[request.arn] = text
            if on_progress:
                on_progress(text)

        try:
            if self._closed or request.arn in self._stopped:  # while it was started
                worker.kill()
            conversation = _Conversation(worker)
            conversation.hold(request, take_down)
        finally:
            worker.kill()
            worker.wait()
            self._workers.pop(request.arn, None)
            self._progress.pop(request.arn, None)
            self._pool.make_ready()
        return conversation

    def _raise_if_ended(self, arn: str) -> None:
        if self._closed:
            raise ServiceEndsError(arn)
        if arn in self._stopped:
            self._stopped.discard(arn)
            raise TaskStoppedError(arn)


class _Conversation:
    """What a worker is sent, and what it says."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._peak = 0
        self._died_by: int | None = None
        self.result: dict[str, Any] | None = None

    def hold(self, request: TaskRequest, on_progress: OnProgress) -> None:
        """Send a task and read what the worker says until it has a result, or ends without one.

        :raises TaskFailedError: if the task is refused.
        """
        assert self._worker.stdin
        assert self._worker.stdout
        try:
            # The worker reads one line and keeps the pipe: its end tells it that this process is gone.
            self._worker.stdin.write(request.to_line())
            self._worker.stdin.flush()
        except BrokenPipeError:
            self._died_by = self._worker.wait()
            return
        for line in self._worker.stdout:
            if not line.endswith(b"\n"):
                break  # it was killed while it wrote
            message = json.loads(line)
            self._peak = message.get("peak", self._peak)
            if "progress" in message:
                on_progress(message["progress"])
            if "refused" in message:
                raise TaskFailedError(message["refused"])
            if "result" in message:
                self.result = message["result"]
                return  # all is done; the end of Python would only be waited for
        self._died_by = self._worker.wait()

    def was_killed(self) -> bool:
        """Whether the system ended the worker, not its own code."""
        return self._died_by is not None and self._died_by < 0

    def how_it_died(self) -> str:
        if not self.was_killed() or self._died_by is None:
            return f"An internal error occurred (worker ended with exit code {self._died_by})."
        guess = ": out of memory?" if -self._died_by == signal.SIGKILL else "."
        peak = f" Its peak memory was {self._peak // MEGABYTE} MB." if self._peak else ""
        return f"The worker was killed (signal {-self._died_by}){guess}{peak}"
