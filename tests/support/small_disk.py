"""A data directory's disk that is full when a test says so."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


class Disk(Protocol):
    """Where the data directory is."""

    path: Path

    def fill(self, pid: int, room: int = 0) -> None:
        """Leave so many bytes to the server with that process id."""

    def free(self, pid: int) -> None:
        """Let there be room again."""

    def close(self) -> None:
        """Give it back."""


class SmallDisk:
    """A file system in memory, which needs the right to mount one.

    :raises subprocess.CalledProcessError: if nothing can be mounted
    """

    def __init__(self, path: Path, size: int) -> None:
        self.path, self._ballast = path, path / "ballast"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)],
            check=True,
            capture_output=True,
        )

    def fill(self, pid: int, room: int = 0) -> None:
        with open(self._ballast, "ab", buffering=0) as file:
            while (left := self._left() - room) > 0:
                file.write(bytes(min(left, 1 << 20)))

    def free(self, pid: int) -> None:
        self._ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)

    def _left(self) -> int:
        result = os.statvfs(self.path)
        return result.f_bavail * result.f_bsize


class LimitedFiles:
    """Where nobody may mount: files of the server and its children may not grow (EFBIG instead of ENOSPC).

    :param database: what keeps its room while others have none
    """

    def __init__(self, path: Path, database: Path) -> None:
        self.path, self._log = path, database.with_name(f"{database.name}-wal")

    def fill(self, pid: int, room: int = 0) -> None:
        size = self._log.stat().st_size + room if room else 0
        self._limit(pid, (size, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        self._limit(pid, UNLIMITED)

    def close(self) -> None:
        pass

    def _limit(self, pid: int, limits: tuple[int, int]) -> None:
        pids = [pid]
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                pids.extend(int(child) for child in task.read_text().split())


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[Disk]:
    """The disk of a service whose data directory is `path`; limited files where nothing can be mounted."""
    path.mkdir(mode=0o700)
    disk: Disk
    try:
        disk = SmallDisk(path, size)
    except (OSError, subprocess.CalledProcessError):
        disk = LimitedFiles(path, path / "personalize.sqlite")
    try:
        yield disk
    finally:
        disk.close()
