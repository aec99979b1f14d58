"""The queue of jobs: what the service does after it has answered.

Each job is a row in the database until it is finished, so that a service that was killed takes up its jobs again when
it starts. Light jobs run in threads; imports, trainings and batch jobs run in worker processes, for which their threads
wait in turn.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from localpersonalize.database import Database
from localpersonalize.disk import full
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.jobs.job import DataLocks, JobContext, JobType
from localpersonalize.jobs.task_runner import ServiceEndsError, TaskRunner
from localpersonalize.resource_types import STATUS_AFTER_FAILURE
from localpersonalize.resources.context import Context, JobName

log = logging.getLogger(__name__)

LIGHT_THREADS = 32  # most of them wait for --pace
HEAVY_THREADS = 256  # most of them wait for a worker
FULL_SECONDS = 1.0
INTERNAL = "An internal error occurred. The service's log has it."


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
        self._heavy = ThreadPoolExecutor(HEAVY_THREADS, thread_name_prefix="heavy-job")
        self._locks = DataLocks()
        self._closing = threading.Event()
        self._context: Context | None = None

    def submit(self, name: JobName, arn: str, /, **details: Any) -> None:
        """Promise to do a job; durable when this returns, or the transaction that it belongs to ends."""
        number = self._database.add_job(name, arn, details)
        if self._context is not None:
            schedule = partial(self._schedule, self._context, number, name, arn, details)
            self._database.after_commit(schedule)

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

    def wait(self) -> None:
        """Wait until no job runs any more, once the queue is closed."""
        self._light.shutdown()
        self._heavy.shutdown()

    def _schedule(
        self, context: Context, number: int, name: str, arn: str, details: Mapping[str, Any]
    ) -> None:
        job_type = self._job_types[name]
        threads = self._heavy if job_type.heavy else self._light
        with suppress(RuntimeError):  # the service ends: the job is taken up at the next start
            threads.submit(self._run, context, number, job_type, arn, details)

    def _run(
        self, context: Context, number: int, job_type: JobType, arn: str, details: Mapping[str, Any]
    ) -> None:
        try:
            job = self._job(number, job_type, arn, details)
            job_type.function(context, job)
        except ServiceEndsError:
            return
        except Exception as error:
            if self._closing.is_set():
                return
            log.exception("%s of %s failed", job_type.name, arn)
            self._end(number, arn, failure_reason(error))
        else:
            self._end(number, arn)

    def _job(self, number: int, job_type: JobType, arn: str, details: Mapping[str, Any]) -> JobContext:
        earliest_end = time.monotonic() + job_type.minutes * 60 * self._pace
        group = self._group_of(arn)
        return JobContext(
            number, job_type.name, arn, group, details, self._tasks, self._locks, earliest_end, self._closing
        )

    def _group_of(self, arn: str) -> str:
        """The dataset group of a resource, which it names itself or through what it is of."""
        body = self._database.get(arn) or {}
        if "datasetGroupArn" in body:
            return str(body["datasetGroupArn"])
        parent = body.get("datasetArn") or body.get("solutionVersionArn")
        return arn if parent in (None, arn) else self._group_of(parent)

    def _end(self, number: int, arn: str, failure: str = "") -> None:
        """Take down that a job is over; while the disk has no room for that, again and again."""
        while not self._closing.is_set():
            try:
                with self._database.transaction():
                    if failure:
                        self._show_failure(arn, failure)
                    self._database.finish_job(number)
                return
            except (OSError, sqlite3.Error) as error:
                if not full.is_full(error):
                    raise
                log.error("the end of the job of %s can't be taken down yet. %s", arn, full.reason(error))
                self._closing.wait(FULL_SECONDS)

    def _show_failure(self, arn: str, reason: str) -> None:
        """Say of a resource that what was being done to it failed; what serves goes on to."""
        status = (self._database.get(arn) or {}).get("status", "")
        after = STATUS_AFTER_FAILURE.get(status)
        if after:
            self._database.change(arn, status=after, failureReason=reason)


def failure_reason(error: Exception) -> str:
    """What a resource shows of an error that its job did not expect."""
    if full.is_full(error):
        return full.reason(error)
    return str(error) if isinstance(error, DamagedError) else INTERNAL
