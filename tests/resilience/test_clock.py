"""A process whose clock is set while it runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.shifted_clock import ShiftedClock, can_be_shifted

PROCESS = """
import datetime, subprocess, sys, time
for line in sys.stdin:
    began = time.monotonic()
    time.sleep(0.05)
    child = subprocess.check_output([sys.executable, "-c", "import time; print(time.time())"], text=True)
    moments = [time.time(), datetime.datetime.now().timestamp(), float(child), time.monotonic() - began]
    print(*moments, flush=True)
"""


@pytest.mark.skipif(not can_be_shifted(), reason="there is no C compiler")
def test_times_of_a_process_and_its_children_jump_and_durations_do_not(tmp_path: Path):
    clock = ShiftedClock(tmp_path / "clock")
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        env={**os.environ, **clock.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        for seconds in (0, -300, 200, 0):
            clock.set(seconds)
            print("", file=process.stdin, flush=True)
            *moments, duration = map(float, process.stdout.readline().split())
            assert all(abs(moment - time.time() - seconds) < 20 for moment in moments), (seconds, moments)
            assert 0.05 <= duration < 20
        process.stdin.close()
