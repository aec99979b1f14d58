"""Conversations with worker processes: small scripts stand in for them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from localpersonalize.aws.clients import Clients
from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.jobs import worker_pool
from localpersonalize.jobs.task_runner import TaskFailedError, TaskRunner, TaskStoppedError
from localpersonalize.protocol.sigv4 import Credentials

READ = "import sys, json; request = json.loads(sys.stdin.readline())\n"
CLIENTS = Clients("us-east-1", "http://127.0.0.1:1", Credentials("k", "s"))


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TaskRunner]:
    def make(script: str, faults: Faults | None = None) -> TaskRunner:
        monkeypatch.setattr(worker_pool.WorkerPool, "make_ready", lambda _: None)
        monkeypatch.setattr(worker_pool, "COMMAND", [sys.executable, "-S", "-c", READ + script])
        return TaskRunner(tmp_path, CLIENTS, faults or Faults())

    return make


def test_progress_and_result_come_back(runner: Callable[..., TaskRunner]) -> None:
    script = (
        """print('{"progress": "half"}'); print(json.dumps({"result": request["details"]}), flush=True)"""
    )
    seen: list[str] = []
    assert runner(script).run("train", "arn:1", seen.append, {"more": 1}) == {"more": 1}
    assert seen == ["half"]


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("""print('{"refused": "No data."}', flush=True)""", "No data."),
        ("sys.exit(3)", "exit code 3"),
    ],
)
def test_a_task_that_is_refused_and_a_worker_that_dies(
    runner: Callable[..., TaskRunner], script: str, says: str
) -> None:
    with pytest.raises(TaskFailedError, match=says):
        runner(script).run("train", "arn:1", None, {})


def test_a_fault_takes_the_place_of_the_task(runner: Callable[..., TaskRunner]) -> None:
    faults = Faults([Fault(kind="job", operation="CreateSolutionVersion", reason="No luck.")])
    with pytest.raises(TaskFailedError, match="No luck"):
        runner("sys.exit(3)", faults).run("train", "arn:1", None, {})


def test_a_task_is_stopped_before_it_starts_and_while_it_runs(runner: Callable[..., TaskRunner]) -> None:
    tasks = runner("""print('{"progress": "begun"}', flush=True); sys.stdin.read()""")
    tasks.stop("arn:1")
    with pytest.raises(TaskStoppedError):
        tasks.run("train", "arn:1", None, {})
    with pytest.raises(TaskStoppedError):
        tasks.run("train", "arn:1", lambda _: tasks.stop("arn:1"), {})


def test_workers_end_with_the_service(runner: Callable[..., TaskRunner]) -> None:
    tasks = runner("""print('{"progress": "begun"}', flush=True); sys.stdin.read()""")
    with pytest.raises(TaskFailedError, match="exit code -9"):
        tasks.run("train", "arn:1", lambda _: tasks.close(), {})
