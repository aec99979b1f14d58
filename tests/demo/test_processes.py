"""Child processes of the stack: noticed when they die, stopped with all that they started."""

from __future__ import annotations

import json
import os
import sys
import time

import psutil
import pytest

from demo import stack
from demo.processes import Process, ProcessDiedError, wait_until

SLEEPER = "import time; time.sleep(600)"
PARENT = (
    f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]); time.sleep(600)"
)


@pytest.fixture
def start(tmp_path):
    started: list[Process] = []

    def start(code: str) -> Process:
        process = Process.start(
            "child", [sys.executable, "-c", code], dict(os.environ), tmp_path / "child.log", tmp_path
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.request_stop()
        process.ensure_stopped()


def test_a_child_that_ends_is_reported_with_its_last_words(start, tmp_path):
    process = start("print('no such table'); raise SystemExit(3)")
    with pytest.raises(ProcessDiedError, match="no such table") as died:
        wait_until(lambda: False, [process], 30, "the child")
    assert (died.value.name, died.value.exit_code, died.value.log) == ("child", 3, tmp_path / "child.log")


def test_waiting_ends_with_the_name_of_what_was_waited_for(start):
    with pytest.raises(TimeoutError, match="the child was not ready"):
        wait_until(lambda: False, [start(SLEEPER)], 0.1, "the child")


def test_stopping_stops_grandchildren_too(start):
    process = start(PARENT)
    parent = psutil.Process(process.popen.pid)
    deadline = time.monotonic() + 30
    while not (children := parent.children()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.request_stop()
    process.ensure_stopped()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def test_only_one_process_owns_a_home(tmp_path):
    lock = stack._take_lock(tmp_path)
    assert stack.running(tmp_path)
    with pytest.raises(stack.AlreadyRunningError, match="make down"):
        stack._take_lock(tmp_path)
    lock.close()
    assert not stack.running(tmp_path)


def test_sweeping_ends_what_a_killed_owner_left_and_nothing_else(start, tmp_path):
    left, reused = start(SLEEPER), start(SLEEPER)
    born = psutil.Process(left.popen.pid).create_time()
    (tmp_path / "processes.json").write_text(json.dumps({left.popen.pid: born, reused.popen.pid: born - 100}))
    stack.sweep(tmp_path)
    assert left.popen.wait(10) == -9
    assert reused.popen.poll() is None
    assert not (tmp_path / "processes.json").exists()


def test_a_stack_that_is_still_starting_can_be_stopped(start, tmp_path):
    home = tmp_path / "home"
    owner = start(f"""
import pathlib, sys, time
sys.path[:0] = {sys.path!r}
from demo.settings import Settings
from demo.stack import Stack
starting = Stack(Settings.load(pathlib.Path({str(home)!r})))
starting.start_servers = lambda say: time.sleep(600)
starting.start()
""")
    wait_until(lambda: stack.running(home) and (home / "lock").read_text() != "", [owner], 60, "the lock")
    stack.request_stop(home)
    owner.popen.wait(10)
    assert not stack.running(home)


def test_processes_that_ignore_the_request_end_together_by_one_deadline(start):
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True)"
    processes = [start(f"{ignoring}; {SLEEPER}") for _ in range(3)]
    wait_until(lambda: processes[0].log.read_text().count("on") == 3, processes, 30, "the children")
    for process in processes:
        process.request_stop()
    began = time.monotonic()
    for process in processes:
        process.ensure_stopped(began + 0.5)
    assert 0.5 <= time.monotonic() - began < 5
    assert all(process.popen.poll() is not None for process in processes)
