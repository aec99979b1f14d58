"""Jobs: what the service does after it has answered.

Each job is a row in the store until it is finished, so that a service that was killed takes up its jobs again when it
starts. Light jobs run in threads; imports, trainings and batch jobs run in worker processes, at most as many at a time
as the machine has cores.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from localpersonalize.jobs.worker_pool import Workers

if TYPE_CHECKING:
    from localpersonalize.service import Service

log = logging.getLogger(__name__)

Handler = Callable[["Service", str, dict[str, Any]], None]
HANDLERS: dict[str, tuple[Handler, float]] = {}
LIGHT_THREADS = 8
AFTER_FAILURE = {
    ("CREATE PENDING", "CREATE IN_PROGRESS"): "CREATE FAILED",
    ("PENDING", "IN_PROGRESS"): "FAILED",
    ("DELETE PENDING", "DELETE IN_PROGRESS"): "DELETE FAILED",
    ("CREATE STOPPING",): "CREATE STOPPED",
}


def job(kind: str, *, minutes: float, heavy: bool = False) -> Callable[[Handler], Handler]:
    """Register what a kind of job does. `minutes` is about what the real service takes."""

    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = (handler, minutes)
        if heavy:
            HEAVY.add(kind)
        return handler

    return register


HEAVY: set[str] = set()


class WorkerFailedError(Exception):
    """A worker process refused its task (the text is the reason) or died."""


class WorkerStoppedError(Exception):
    """Somebody asked to stop the task."""


class Jobs:
    """Runs jobs of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._light = ThreadPoolExecutor(LIGHT_THREADS, thread_name_prefix="job")
        self._heavy = ThreadPoolExecutor(max(1, os.cpu_count() or 1), thread_name_prefix="heavy-job")
        self._workers = Workers()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._stopped: set[str] = set()
        self._closing = threading.Event()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def submit(self, kind: str, arn: str, /, **details: Any) -> None:
        """Promise to do a job; durable when this returns."""
        number = self._service.store.add_job(kind, arn, details)
        self._schedule(number, kind, arn, details)

    def resume(self) -> None:
        """Take up what an earlier process of this data directory left unfinished."""
        for number, kind, arn, details in self._service.store.unfinished_jobs():
            log.info("resuming %s of %s", kind, arn)
            self._schedule(number, kind, arn, details)

    def waiting(self) -> int:
        """Jobs that are not finished."""
        return len(self._service.store.unfinished_jobs())

    def stop_worker(self, arn: str) -> None:
        """Stop the worker of a resource, or keep it from starting."""
        self._stopped.add(arn)
        process = self._processes.get(arn)
        if process:
            process.terminate()

    def stop(self) -> None:
        """End all workers; their jobs stay in the store."""
        self._closing.set()
        self._workers.close()
        for process in list(self._processes.values()):
            process.kill()
        self._light.shutdown(wait=False, cancel_futures=True)
        self._heavy.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def exclusively(self, arns: Iterable[str]) -> Iterator[None]:
        """Let nobody else change these resources' data meanwhile."""
        with ExitStack() as stack:
            for arn in sorted(arns):  # always in this order, so that two never wait for each other
                stack.enter_context(self._locks[arn])
            yield

    def work(
        self, arn: str, task: str, on_progress: Callable[[str], None] | None = None, **details: Any
    ) -> dict[str, Any]:
        """Run a task in a process of its own and return its result.

        :raises WorkerFailedError: if the task is refused or the process dies.
        :raises WorkerStoppedError: if `stop_worker` was called for `arn`.
        """
        if arn in self._stopped:
            self._stopped.discard(arn)
            raise WorkerStoppedError(arn)
        service = self._service
        if reason := service.faults.of_job(task):
            raise WorkerFailedError(reason)
        request = {
            "task": task, "arn": arn, "data_dir": str(service.settings.data_dir), "region": service.settings.region,
            "account": service.settings.account, "aws_endpoint": service.aws_endpoint,
            "s3_endpoint": service.settings.s3_endpoint, "access_key_id": service.credentials.access_key_id,
            "secret_access_key": service.credentials.secret_access_key, **details,
        }  # fmt: skip
        process = self._workers.take()
        self._processes[arn] = process
        assert process.stdin
        assert process.stdout
        result: dict[str, Any] | None = None
        try:
            # The worker reads one line and keeps the pipe: its end tells it that this process is gone.
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                message = json.loads(line)
                if "progress" in message and on_progress:
                    on_progress(message["progress"])
                result = message.get("result", result)
                if "refused" in message:
                    raise WorkerFailedError(message["refused"])
                if result is not None:
                    break  # all is done; the end of Python would only be waited for
            else:
                process.wait()
        finally:
            process.kill()
            process.wait()
            self._processes.pop(arn, None)
            self._workers.make_ready()
        if arn in self._stopped:
            self._stopped.discard(arn)
            raise WorkerStoppedError(arn)
        if result is None:
            raise WorkerFailedError(
                f"An internal error occurred (worker ended with exit code {process.returncode})."
            )
        return result

    def _schedule(self, number: int, kind: str, arn: str, details: dict[str, Any]) -> None:
        pool = self._heavy if kind in HEAVY else self._light
        pool.submit(self._run, number, kind, arn, details)

    def _run(self, number: int, kind: str, arn: str, details: dict[str, Any]) -> None:
        handler, minutes = HANDLERS[kind]
        started = time.monotonic()
        try:
            if kind == "deploy" and (reason := self._service.faults.of_job(kind)):
                self._service.store.change(arn, status="CREATE FAILED", failureReason=reason)
            else:
                handler(self._service, arn, {**details, "_wait": lambda: self._pace(started, minutes)})
        except Exception:
            if self._closing.is_set():
                return
            log.exception("%s of %s failed", kind, arn)
            self._failed(arn)
        if not self._closing.is_set():
            self._service.store.finish_job(number)

    def _failed(self, arn: str) -> None:
        """Say of a resource that what was being done to it failed; what serves goes on to."""
        status = (self._service.store.get(arn) or {}).get("status", "")
        after = next((after for before, after in AFTER_FAILURE.items() if status in before), None)
        if after:
            reason = "An internal error occurred. The service's log has it."
            self._service.store.change(arn, status=after, failureReason=reason)

    def _pace(self, started: float, minutes: float) -> None:
        """Wait until a job has taken the share of the real service's time that `--pace` asks for."""
        left = minutes * 60 * self._service.settings.pace - (time.monotonic() - started)
        if left > 0:
            self._closing.wait(left)
