"""What the function of a job may use."""

from __future__ import annotations

import threading

from localpersonalize.jobs.job import DataLocks


def test_only_one_job_at_a_time_changes_a_dataset() -> None:
    locks, entered = DataLocks(), threading.Event()

    def enter() -> None:
        with locks.hold(["b", "c"]):
            entered.set()

    other = threading.Thread(target=enter)
    with locks.hold(["a", "b"]):
        other.start()
        assert not entered.wait(0.1)
    other.join(20)
    assert entered.is_set()
