"""What the machine has for workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.jobs import machine
from localpersonalize.jobs.machine import WorkerLimits, available_memory, worker_limits

MEMINFO = "MemTotal: 8000000 kB\nMemFree: 10 kB\nMemAvailable: 4000000 kB\n"


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    file = tmp_path / "meminfo"
    file.write_text(MEMINFO)
    return file


def test_memory_is_what_is_available(meminfo: Path, tmp_path: Path) -> None:
    assert available_memory(meminfo, tmp_path / "none") == 4_096_000_000
    assert available_memory(tmp_path / "none") is None


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [("3000000000", "1000000000", 2_000_000_000), ("max", "1000000000", 4_096_000_000), ("10", "20", 0)],
)
@pytest.mark.parametrize(
    "files",
    [("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")],
)
def test_a_container_has_what_its_group_has(
    meminfo: Path, tmp_path: Path, files: tuple[str, str], limit: str, used: str, expected: int
) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / files[0]).write_text(limit)
    (tmp_path / files[1]).write_text(used)
    assert available_memory(meminfo, tmp_path) == expected


@pytest.mark.parametrize(
    ("free", "cores", "options", "expected"),
    [
        (10_000_000_000, 4, (None, None), WorkerLimits(4, 2_000_000_000)),
        (3_000_000_000, 16, (None, None), WorkerLimits(2, 1_200_000_000)),
        (100_000_000, 16, (None, None), WorkerLimits(1, 1_000_000_000)),
        (10_000_000_000, 4, (8, None), WorkerLimits(8, 1_000_000_000)),
        (10_000_000_000, 4, (None, 500), WorkerLimits(4, 500_000_000)),
        (None, 4, (None, None), WorkerLimits(4, None)),
    ],
)
def test_limits_are_those_of_the_machine_unless_they_are_given(
    monkeypatch: pytest.MonkeyPatch,
    free: int | None,
    cores: int,
    options: tuple[int | None, int | None],
    expected: WorkerLimits,
) -> None:
    monkeypatch.setattr(machine, "available_memory", lambda: free)
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(cores)))
    assert worker_limits(*options) == expected
