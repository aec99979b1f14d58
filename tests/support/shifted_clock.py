"""A clock for a process and its children that goes as many seconds before or after the real one as a test says.

A dozen lines of C before libc, which need a C compiler. What measures durations (CLOCK_MONOTONIC) goes on as it is, as
when a host's clock is set. (libfaketime 0.9.10 can't leave it out: Python's `time.sleep` fails beneath it.)
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

VARIABLE = "SHIFTED_CLOCK"
SOURCE = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *shift;

__attribute__((constructor)) static void open_shift(void) {
    const char *path = getenv("SHIFTED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *memory = file < 0 ? MAP_FAILED : mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) shift = memory;
    if (file >= 0) close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = syscall(SYS_clock_gettime, clock, now);
    if (!result && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *shift;
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    int result = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec, now->tv_usec = exact.tv_nsec / 1000;
    return result;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}
"""


class ShiftedClock:
    """A clock by its file.

    :ivar environment: of the processes that go by it
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(8))
        self.environment: Mapping[str, str] = {"LD_PRELOAD": str(_library(file.parent)), VARIABLE: str(file)}

    def set(self, seconds: int) -> None:
        """From now on so many seconds after the real clock, or before it."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("=q", seconds))


def can_be_shifted() -> bool:
    """Whether there is a compiler."""
    return shutil.which("cc") is not None


@cache
def _library(folder: Path) -> Path:
    library = folder / "shifted_clock.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", str(library)],
        input=SOURCE.encode(),
        check=True,
        capture_output=True,
    )
    return library
