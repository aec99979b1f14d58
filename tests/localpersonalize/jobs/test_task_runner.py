"""Conversations with worker processes: small scripts stand in for them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localpersonalize.aws.clients import Clients
from localpersonalize.fault_injection import Fault, Faults
from localpersonalize.jobs import worker_pool
from localpersonalize.jobs.machine import WorkerLimits
from localpersonalize.jobs.task_runner import (
    ServiceEndsError,
    TaskFailedError,
    TaskRunner,
    TaskStoppedError,
)
from localpersonalize.protocol.sigv4 import Credentials

TWO = WorkerLimits(2)
READ = "import sys, json, os; request = json.loads(sys.stdin.readline())\n"
CLIENTS = Clients("us-east-1", "http://127.0.0.1:1", Credentials("k", "s"))


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., TaskRunner]:
    def make(script: str, faults: Faults | None = None, limits: WorkerLimits = TWO) -> TaskRunner:
        monkeypatch.setattr(worker_pool.WorkerPool, "make_ready", lambda _: None)
        monkeypatch.setattr(worker_pool, "COMMAND", [sys.executable, "-S", "-c", READ + script])
        return TaskRunner(tmp_path, CLIENTS, faults or Faults(), limits)

    return make


def test_progress_and_result_come_back(runner: Callable[..., TaskRunner]) -> None:
    script = (
        """print('{"progress": "half"}'); print(json.dumps({"result": request["details"]}), flush=True)"""
    )
    seen: list[str] = []
    assert runner(script).run("train", "arn:1", "group", seen.append, {"more": 1}) == {"more": 1}
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
        runner(script).run("train", "arn:1", "group", None, {})


def test_a_fault_takes_the_place_of_the_task(runner: Callable[..., TaskRunner]) -> None:
    faults = Faults([Fault(kind="job", operation="CreateSolutionVersion", reason="No luck.")])
    with pytest.raises(TaskFailedError, match="No luck"):
        runner("sys.exit(3)", faults).run("train", "arn:1", "group", None, {})


def test_a_task_is_stopped_before_it_starts_and_while_it_runs(runner: Callable[..., TaskRunner]) -> None:
    tasks = runner("""print('{"progress": "begun"}', flush=True); sys.stdin.read()""")
    tasks.stop("arn:1")
    with pytest.raises(TaskStoppedError):
        tasks.run("train", "arn:1", "group", None, {})
    with pytest.raises(TaskStoppedError):
        tasks.run("train", "arn:1", "group", lambda _: tasks.stop("arn:1"), {})


def test_workers_end_with_the_service(runner: Callable[..., TaskRunner]) -> None:
    tasks = runner("""print('{"progress": "begun"}', flush=True); sys.stdin.read()""")
    with pytest.raises(ServiceEndsError):
        tasks.run("train", "arn:1", "group", lambda _: tasks.close(), {})


DIE = "os.kill(os.getpid(), 9)"


def test_a_worker_that_the_system_kills_is_tried_again_once(
    runner: Callable[..., TaskRunner], tmp_path: Path
) -> None:
    once = f"""
tried = {str(tmp_path / "tried")!r}
if not os.path.exists(tried):
    open(tried, "x").close()
    {DIE}
print('{{"result": {{"done": 1}}}}', flush=True)
"""
    assert runner(once).run("train", "arn:1", "group", None, {}) == {"done": 1}


def test_a_worker_that_is_killed_twice_is_the_reason_with_its_memory(
    runner: Callable[..., TaskRunner], tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    script = f"""
open({str(tried)!r}, "a").write("x")
print('{{"peak": 812000000}}', flush=True)
{DIE}
"""
    with pytest.raises(TaskFailedError) as failed:
        runner(script).run("train", "arn:1", "group", None, {})
    reason = "The worker was killed (signal 9): out of memory? Its peak memory was 812 MB."
    assert (str(failed.value), tried.read_text()) == (reason, "xx")


def test_a_worker_that_ends_by_itself_is_not_tried_again(
    runner: Callable[..., TaskRunner], tmp_path: Path
) -> None:
    tried = tmp_path / "tried"
    with pytest.raises(TaskFailedError, match="exit code 3"):
        runner(f"open({str(tried)!r}, 'a').write('x'); sys.exit(3)").run("train", "arn:1", "g", None, {})
    assert tried.read_text() == "x"


def test_what_a_worker_was_writing_when_it_was_killed_is_not_read(
    runner: Callable[..., TaskRunner],
) -> None:
    half = f"""sys.stdout.write('{{"result": {{"ha'); sys.stdout.flush(); {DIE}"""
    with pytest.raises(TaskFailedError, match="signal 9"):
        runner(half).run("train", "arn:1", "group", None, {})


def test_no_more_workers_run_than_may(runner: Callable[..., TaskRunner], tmp_path: Path) -> None:
    count = f"""
import time
mine = {str(tmp_path)!r} + "/" + str(os.getpid()) + ".worker"
open(mine, "x").close()
most = len([name for name in os.listdir({str(tmp_path)!r}) if name.endswith(".worker")])
time.sleep(0.2)
os.unlink(mine)
print(json.dumps({{"result": {{"most": most}}}}), flush=True)
"""
    tasks = runner(count, limits=WorkerLimits(2))
    with ThreadPoolExecutor(6) as threads:
        results = [threads.submit(tasks.run, "train", f"arn:{n}", "group", None, {}) for n in range(6)]
    assert max(one.result()["most"] for one in results) == 2


def test_a_task_that_waits_for_a_worker_is_stopped_at_once(runner: Callable[..., TaskRunner]) -> None:
    tasks = runner("""print('{"progress": "begun"}', flush=True); sys.stdin.read()""", limits=WorkerLimits(1))
    begun = threading.Event()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(tasks.run, "train", "arn:1", "group", lambda _: begun.set(), {})
        assert begun.wait(20)
        second = threads.submit(tasks.run, "train", "arn:2", "group", None, {})
        tasks.stop("arn:2")
        assert isinstance(second.exception(20), TaskStoppedError)
        tasks.close()
        assert isinstance(first.exception(20), ServiceEndsError)
