"""What a start costs before the first model: seconds of a core, and memory; moto only once it is asked."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.localpersonalize.live import Live

MAX_CPU_SECONDS, MAX_MEGABYTES = 2.0, 150
MAX_MEGABYTES_WITH_IAM = 300  # of both processes, what they share counted twice


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_start_is_quick_and_small_and_has_no_second_process(tmp_path: Path) -> None:
    """Of a core, not of the clock: the clock also counts what else the machine does."""
    live = Live(tmp_path / "data").start()
    try:
        assert live.process
        own = Path("/proc") / str(live.process.pid)
        assert _cpu_seconds(own) < MAX_CPU_SECONDS
        assert _megabytes(own) < MAX_MEGABYTES
        assert not _children(own)
        live.personalize.list_recipes()
        live.s3.create_bucket(Bucket="shop")
        assert not _children(own)
        live.client("iam").list_roles()
        (moto,) = _children(own)
        assert _megabytes(own) + _megabytes(moto) < MAX_MEGABYTES_WITH_IAM
    finally:
        live.stop()


def _cpu_seconds(process: Path) -> float:
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(process: Path) -> float:
    line = next(line for line in (process / "status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _children(process: Path) -> list[Path]:
    numbers = (task.joinpath("children").read_text().split() for task in (process / "task").iterdir())
    return [process.parent / number for line in numbers for number in line]
