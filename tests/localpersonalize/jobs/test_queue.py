"""Jobs: kept until they are done, taken up again, and shown when they fail."""

from __future__ import annotations

import errno
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localpersonalize.database import FILE, Database
from localpersonalize.fault_injection import Faults
from localpersonalize.jobs.job import JobContext, JobType
from localpersonalize.jobs.machine import WorkerLimits
from localpersonalize.jobs.queue import Queue
from localpersonalize.jobs.task_runner import TaskRunner

CONTEXT: Any = SimpleNamespace()


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / FILE)


@pytest.fixture
def queue_of(database: Database, tmp_path: Path) -> Iterator[Callable[..., Queue]]:
    made: list[Queue] = []

    def make(function: Callable[[Any, JobContext], None], minutes: float = 0, pace: float = 0) -> Queue:
        tasks = TaskRunner(tmp_path, CONTEXT, Faults(), WorkerLimits(1))
        made.append(Queue(database, [JobType("deploy", function, minutes)], tasks, pace))
        return made[-1]

    yield make
    for queue in made:
        queue.close()


def wait_until_empty(queue: Queue) -> None:
    deadline = time.monotonic() + 20
    while queue.length():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_job_is_done_and_then_gone(queue_of: Callable[..., Queue]) -> None:
    done: list[Any] = []
    queue = queue_of(lambda context, job: done.append((context, job.arn, job.details)))
    queue.start(CONTEXT)
    queue.submit("deploy", "arn:1", more=1)
    wait_until_empty(queue)
    assert done == [(CONTEXT, "arn:1", {"more": 1})]


def test_what_was_left_unfinished_is_taken_up_at_the_start(queue_of: Callable[..., Queue]) -> None:
    done: list[str] = []
    queue_of(lambda *_: None).submit("deploy", "arn:1")
    queue = queue_of(lambda _, job: done.append(job.arn))
    assert queue.length() == 1
    queue.start(CONTEXT)
    wait_until_empty(queue)
    assert done == ["arn:1"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("CREATE IN_PROGRESS", "CREATE FAILED"), ("DELETE PENDING", "DELETE FAILED"), ("ACTIVE", "ACTIVE")],
)
def test_a_job_that_breaks_is_shown_by_its_resource(
    queue_of: Callable[..., Queue], database: Database, before: str, after: str
) -> None:
    def fail(_: Any, __: JobContext) -> None:
        raise RuntimeError

    database.add("Campaign", "arn:1", {"status": before})
    queue = queue_of(fail)
    queue.start(CONTEXT)
    queue.submit("deploy", "arn:1")
    wait_until_empty(queue)
    assert (database.get("arn:1") or {})["status"] == after


def test_a_job_takes_its_share_of_the_real_time(queue_of: Callable[..., Queue]) -> None:
    queue = queue_of(lambda _, job: job.wait_for_pace(), minutes=1, pace=0.3 / 60)
    queue.start(CONTEXT)
    started = time.monotonic()
    queue.submit("deploy", "arn:1")
    wait_until_empty(queue)
    assert time.monotonic() - started >= 0.3


def test_a_job_that_the_end_of_the_service_cut_off_stays(
    queue_of: Callable[..., Queue], database: Database
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def wait(_: Any, job: JobContext) -> None:
        begun.set()
        try:
            job.wait_for_pace()
        finally:
            ended.set()

    queue = queue_of(wait, minutes=60, pace=1)
    queue.start(CONTEXT)
    queue.submit("deploy", "arn:1")
    assert begun.wait(20)
    queue.close()
    assert ended.wait(20)
    assert len(database.unfinished_jobs()) == 1


def test_a_job_of_an_operation_that_was_undone_is_not_done(
    queue_of: Callable[..., Queue], database: Database
) -> None:
    done: list[str] = []
    queue = queue_of(lambda _, job: done.append(job.arn))
    queue.start(CONTEXT)

    def submit_and_break() -> None:
        with database.transaction():
            queue.submit("deploy", "arn:undone")
            time.sleep(0.1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        submit_and_break()
    queue.submit("deploy", "arn:done")
    wait_until_empty(queue)
    assert done == ["arn:done"]


def test_a_job_knows_the_dataset_group_that_it_works_for(
    queue_of: Callable[..., Queue], database: Database
) -> None:
    database.add("Dataset", "arn:dataset", {"datasetGroupArn": "arn:group"})
    database.add("DatasetImportJob", "arn:import", {"datasetArn": "arn:dataset"})
    database.add("SolutionVersion", "arn:version", {"datasetGroupArn": "arn:group"})
    database.add("BatchInferenceJob", "arn:batch", {"solutionVersionArn": "arn:version"})
    database.add("DatasetGroup", "arn:group", {"datasetGroupArn": "arn:group"})
    result: dict[str, str] = {}
    queue = queue_of(lambda _, job: result.update({job.arn: job.group}))
    queue.start(CONTEXT)
    arns = ("arn:dataset", "arn:import", "arn:version", "arn:batch", "arn:group")
    for arn in arns:
        queue.submit("deploy", arn)
    wait_until_empty(queue)
    assert result == dict.fromkeys(arns, "arn:group")


def test_a_job_on_a_full_disk_ends_with_the_reason_once_there_is_space(
    queue_of: Callable[..., Queue], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stayed IN_PROGRESS for ever: that it had failed could not be written either."""
    monkeypatch.setattr("localpersonalize.jobs.queue.FULL_SECONDS", 0.01)
    database.add("Campaign", "arn:1", {"status": "CREATE IN_PROGRESS"})
    tried = threading.Event()
    has_space = threading.Event()
    change = database.change

    def on_a_full_disk(arn: str, **changes: Any) -> Any:
        tried.set()
        if not has_space.is_set():
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        return change(arn, **changes)

    def fill(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(database, "change", on_a_full_disk)
    queue = queue_of(fill)
    queue.start(CONTEXT)
    queue.submit("deploy", "arn:1")
    assert tried.wait(20)
    assert queue.length() == 1
    has_space.set()
    wait_until_empty(queue)
    result = database.get("arn:1")
    assert result is not None
    assert result["status"] == "CREATE FAILED"
    assert "no space left on device" in result["failureReason"]
