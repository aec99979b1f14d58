"""Runs tasks in worker processes: sends the request, follows the progress, returns the result."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from localpersonalize.aws.clients import Clients
from localpersonalize.fault_injection import Faults
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.jobs.worker_pool import Worker, WorkerPool

OnProgress = Callable[[str], None]


class TaskFailedError(Exception):
    """A worker process refused its task (the text is the reason) or died."""


class TaskStoppedError(Exception):
    """Somebody asked to stop the task."""


class TaskRunner:
    """Runs tasks, at most one at a time for a resource."""

    def __init__(self, data_dir: Path, clients: Clients, faults: Faults) -> None:
        self.faults = faults
        self._data_dir, self._clients = data_dir, clients
        self._pool = WorkerPool()
        self._workers: dict[str, Worker] = {}
        self._stopped: set[str] = set()

    def run(
        self, task: str, arn: str, on_progress: OnProgress | None, details: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Run a task in a process of its own and return its result.

        :raises TaskFailedError: if the task is refused or the process dies.
        :raises TaskStoppedError: if `stop` was called for `arn`.
        """
        self._raise_if_stopped(arn)
        if reason := self.faults.of_job(task):
            raise TaskFailedError(reason)
        worker = self._workers[arn] = self._pool.acquire()
        try:
            result = _converse(
                worker, TaskRequest(task, arn, self._data_dir, self._clients, details), on_progress
            )
        finally:
            worker.kill()
            worker.wait()
            self._workers.pop(arn, None)
            self._pool.make_ready()
        self._raise_if_stopped(arn)
        if result is None:
            raise TaskFailedError(
                f"An internal error occurred (worker ended with exit code {worker.returncode})."
            )
        return result

    def stop(self, arn: str) -> None:
        """Stop the worker of a resource, or keep it from starting."""
        self._stopped.add(arn)
        worker = self._workers.get(arn)
        if worker:
            worker.terminate()

    def close(self) -> None:
        """End all workers."""
        self._pool.close()
        for worker in list(self._workers.values()):
            worker.kill()

    def _raise_if_stopped(self, arn: str) -> None:
        if arn in self._stopped:
            self._stopped.discard(arn)
            raise TaskStoppedError(arn)


def _converse(
    worker: subprocess.Popen[bytes], request: TaskRequest, on_progress: OnProgress | None
) -> dict[str, Any] | None:
    """Send a task and read what the worker says until it has a result; None if it ended without one.

    :raises TaskFailedError: if the task is refused.
    """
    assert worker.stdin
    assert worker.stdout
    # The worker reads one line and keeps the pipe: its end tells it that this process is gone.
    worker.stdin.write(request.to_line())
    worker.stdin.flush()
    for line in worker.stdout:
        message = json.loads(line)
        if "progress" in message and on_progress:
            on_progress(message["progress"])
        if "refused" in message:
            raise TaskFailedError(message["refused"])
        if "result" in message:
            result: dict[str, Any] = message["result"]
            return result  # all is done; the end of Python would only be waited for
    worker.wait()
    return None
