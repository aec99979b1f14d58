"""What the machine has for workers: the defaults of `--workers` and `--worker-memory`.

In a container the limits of its control group hold, where they are lower than the machine's.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
SMALLEST_WORKER = 1_000 * MEGABYTE  # libraries, and trainings on some 100,000 interactions
SHARE = 0.8  # of the memory that is free at the start; the rest is for models, and for others
_MEMORY = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class WorkerLimits:
    """`workers` at a time, each with at most so many bytes of `memory`; None where that can't be known."""

    workers: int
    memory: int | None = None


def worker_limits(workers: int | None = None, megabytes: int | None = None) -> WorkerLimits:
    """What was asked for; the rest by cores and free memory."""
    free = available_memory()
    if workers is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        workers = max(1, min(cores, int((free or 1 << 62) * SHARE) // SMALLEST_WORKER))
    if megabytes is not None:
        return WorkerLimits(workers, megabytes * MEGABYTE)
    return WorkerLimits(workers, max(SMALLEST_WORKER, int(free * SHARE / workers)) if free else None)


def available_memory(meminfo: Path = _MEMORY, group: Path = _GROUP) -> int | None:
    """Bytes that can be used without swapping; None on systems that don't say."""
    try:
        (line,) = (line for line in meminfo.read_text().splitlines() if line.startswith("MemAvailable:"))
    except (OSError, ValueError):
        return None
    available = int(line.split()[1]) * 1024
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            left = int((group / limit).read_text()) - int((group / used).read_text())
        except (OSError, ValueError):  # no such group, or its limit is `max`
            continue
        available = min(available, max(0, left))
    return available


def peak_memory(status: Path = Path("/proc/self/status")) -> int | None:
    """The most bytes that this process has had in memory; None on systems that don't say."""
    try:
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    except (OSError, ValueError):
        return None
    return int(line.split()[1]) * 1024
