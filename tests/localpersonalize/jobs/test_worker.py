"""A worker process without a task."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.aws.clients import Clients
from localpersonalize.jobs import worker
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.protocol.sigv4 import Credentials

CLIENTS = Clients("us-east-1", "http://127.0.0.1:1", Credentials("k", "very secret"))


def test_a_worker_ends_when_the_service_ends_before_it_has_a_task() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "localpersonalize.jobs.worker"]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, b"")


def test_a_worker_ends_with_a_reason_when_it_needs_more_memory_than_it_may_have(
    tmp_path: Path,
) -> None:
    request = TaskRequest("train", "arn:1", tmp_path, CLIENTS, {}, memory=10_000_000)
    command = [sys.executable, "-W", "ignore", "-m", "localpersonalize.jobs.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(request.to_line())
        process.stdin.flush()
        said = [json.loads(line) for line in process.stdout]
        assert process.wait(60) == 1
    assert "more than the 10 MB of memory" in said[-1]["refused"]
    assert "--worker-memory" in said[-1]["refused"]


def test_what_a_worker_logs_is_a_line_of_the_log_and_no_secret(tmp_path: Path) -> None:
    request = TaskRequest("train", "arn\n2026-01-01 all is well", tmp_path, CLIENTS, {})
    command = [sys.executable, "-W", "ignore", "-m", "localpersonalize.jobs.worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stderr
        process.stdin.write(request.to_line())
        process.stdin.flush()
        lines = process.stderr.read().decode().splitlines()
        assert process.wait(60) == 1
    assert "train of arn\\n2026-01-01 all is well failed" in lines[0]
    assert all(line.startswith("    | ") for line in lines[1:])
    assert "very secret" not in "".join(lines)


def test_a_worker_says_how_much_memory_it_needed() -> None:
    said: list[dict[str, Any]] = []
    with pytest.raises(EnoughError):
        worker._watch_memory(lambda **message: (said.append(message), enough()), None)
    assert said[0]["peak"] > 10_000_000


class EnoughError(Exception):
    """Ends the watch."""


def enough() -> None:
    raise EnoughError
