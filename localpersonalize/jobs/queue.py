"""The queue of jobs: what the service does after it has answered.

Each job is a row in the database until it is finished, so that a service that was killed takes up its jobs again when
it starts. Light jobs run in threads; imports, trainings and batch jobs run in worker processes, at most as many at a
time as the machine has cores.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from localpersonalize.database import Database
from localpersonalize.jobs.job import DataLocks, JobContext, JobType
from localpersonalize.jobs.task_runner import TaskRunner
from localpersonalize.resource_types import STATUS_AFTER_FAILURE
from localpersonalize.resources.context import Context, JobName

log = logging.getLogger(__name__)

LIGHT_THREADS = 8


class Queue:
    """Keeps jobs, and runs them once it is started.

    :param pace: factor of the real service's minutes that jobs take at least.
    """

    def __init__(
        self, database: Database, job_types: Sequence[JobType], tasks: TaskRunner, pace: float
    ) -> None:
        self._database, self._tasks, self._pace = database, tasks, pace
        self._job_types: dict[str, JobType] = {job_type.name: job_type for job_type in job_types}
        self._light = ThreadPoolExecutor(LIGHT_THREADS, thread_name_prefix="job")
        self._heavy = ThreadPoolExecutor(max(1, os.cpu_count() or 1), thread_name_prefix="heavy-job")
        self._locks = DataLocks()
        self._closing = threading.Event()
        self._context: Context | None = None

    def submit(self, name: JobName, arn: str, /, **details: Any) -> None:
        """Promise to do a job; durable when this returns."""
        number = self._database.add_job(name, arn, details)
        if self._context is not None:
            self._schedule(self._context, number, name, arn, details)

    def start(self, context: Context) -> None:
        """Run jobs from now on, those first that an earlier process of this data directory left unfinished."""
        unfinished = self._database.unfinished_jobs()
        self._context = context
        for number, name, arn, details in unfinished:
            log.info("resuming %s of %s", name, arn)
            self._schedule(context, number, name, arn, details)

    def length(self) -> int:
        """Jobs that are not finished."""
        return len(self._database.unfinished_jobs())

    def stop_worker(self, arn: str) -> None:
        """Stop the worker of a resource, or keep it from starting."""
        self._tasks.stop(arn)

    def close(self) -> None:
        """End all workers; their jobs stay in the database."""
        self._closing.set()
        self._tasks.close()
        self._light.shutdown(wait=False, cancel_futures=True)
        self._heavy.shutdown(wait=False, cancel_futures=True)

    def _schedule(
        self, context: Context, number: int, name: str, arn: str, details: Mapping[str, Any]
    ) -> None:
        job_type = self._job_types[name]
        threads = self._heavy if job_type.heavy else self._light
        threads.submit(self._run, context, number, job_type, arn, details)

    def _run(
        self, context: Context, number: int, job_type: JobType, arn: str, details: Mapping[str, Any]
    ) -> None:
        earliest_end = time.monotonic() + job_type.minutes * 60 * self._pace
        job = JobContext(job_type.name, arn, details, self._tasks, self._locks, earliest_end, self._closing)
        try:
            job_type.function(context, job)
        except Exception:
            if self._closing.is_set():
                return
            log.exception("%s of %s failed", job_type.name, arn)
            self._show_failure(arn)
        if not self._closing.is_set():
            self._database.finish_job(number)

    def _show_failure(self, arn: str) -> None:
        """Say of a resource that what was being done to it failed; what serves goes on to."""
        status = (self._database.get(arn) or {}).get("status", "")
        after = STATUS_AFTER_FAILURE.get(status)
        if after:
            reason = "An internal error occurred. The service's log has it."
            self._database.change(arn, status=after, failureReason=reason)
