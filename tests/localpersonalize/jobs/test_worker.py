"""A worker process without a task."""

from __future__ import annotations

import subprocess
import sys


def test_a_worker_ends_when_the_service_ends_before_it_has_a_task() -> None:
    command = [sys.executable, "-W", "ignore", "-m", "localpersonalize.jobs.worker"]
    ended = subprocess.run(command, input=b"", capture_output=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (0, b"")
