"""What the function of a job may use."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from localpersonalize.jobs.job import DataLocks
from localpersonalize.jobs.task_runner import ServiceEndsError
from tests.support.localpersonalize.in_process import InProcessService


def test_only_one_job_at_a_time_changes_a_dataset() -> None:
    locks, entered = DataLocks(), threading.Event()

    def enter() -> None:
        with locks.hold(2, ["b", "c"]):
            entered.set()

    other = threading.Thread(target=enter)
    with locks.hold(1, ["a", "b"]):
        other.start()
        assert not entered.wait(0.1)
    other.join(20)
    assert entered.is_set()


def test_jobs_on_one_dataset_go_in_order() -> None:
    locks, done = DataLocks(), list[int]()

    def work(number: int) -> None:
        with locks.hold(number, ["a"]):
            done.append(number)

    with locks.hold(1, ["a"]):
        others = [threading.Thread(target=work, args=(number,)) for number in (5, 3, 4, 2)]
        for other in others:
            other.start()
        time.sleep(0.1)
    for other in others:
        other.join(20)
    assert done == [2, 3, 4, 5]


def test_a_job_that_waits_for_one_dataset_does_not_keep_another_from_later_jobs_for_good() -> None:
    locks, entered = DataLocks(), threading.Event()

    def enter(number: int, *arns: str) -> None:
        with locks.hold(number, arns):
            entered.set()

    with locks.hold(1, ["a"]):
        other = threading.Thread(target=enter, args=(2, "b"))
        other.start()
        assert entered.wait(20)
    other.join(20)


def test_a_job_ends_with_its_last_change_or_not_at_all(service: InProcessService) -> None:
    group = service.group()
    database = service.context.database
    number = database.add_job("delete", group, {})
    job = replace(service.job("delete", group), number=number)

    def break_at_the_end() -> None:
        with job.end(database):
            database.change(group, status="INACTIVE")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_at_the_end()
    assert (service.status(group), len(database.unfinished_jobs())) == ("ACTIVE", 1)
    with job.end(database):
        database.change(group, status="INACTIVE")
    assert (service.status(group), len(database.unfinished_jobs())) == ("INACTIVE", 0)


def test_a_job_does_not_end_while_the_service_does(service: InProcessService) -> None:
    group = service.group()
    job = service.job("delete", group)
    job.closing.set()
    with pytest.raises(ServiceEndsError), job.end(service.context.database):
        service.context.database.change(group, status="DELETE FAILED")
    assert service.status(group) == "ACTIVE"
