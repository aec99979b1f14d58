"""One owner of a data directory: an advisory lock that the kernel takes back when its process ends, however it ends.

The descriptor is not inherited by programs that are started, so that no worker holds the lock after its server.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "lock"
_HELD = (errno.EAGAIN, errno.EACCES)


class DataDirectoryError(Exception):
    """A data directory can't be used; the text is one sentence or two: which, why, and what to do."""


@contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Nobody else serves or repairs the directory meanwhile; before this, nothing of it may be read.

    :raises DataDirectoryError: if another process owns it, or its file system has no locks.
    """
    descriptor = os.open(data_dir / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DataDirectoryError(_refusal(data_dir, descriptor, error)) from None
        _say_who(descriptor)
        yield
    finally:
        os.close(descriptor)


def _say_who(descriptor: int) -> None:
    """For the sentence of whoever comes second; the lock holds without it, on a full disk for example."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode(), 0)
    except OSError:
        return


def _refusal(data_dir: Path, descriptor: int, error: OSError) -> str:
    if error.errno not in _HELD:
        return (
            f"{data_dir} can't be locked ({error.strerror}), so that two servers could destroy each other's files."
            " Choose a --data-dir on a file system that has locks: a local disk, or NFS with its lock service."
        )
    return (
        f"{data_dir} is in use by another localpersonalize{_owner(descriptor)}. End it first, or choose another"
        " --data-dir."
    )


def _owner(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 1000, 0))
        pid, host = int(said["pid"]), str(said["host"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""
    return f" (process {pid})" if host == socket.gethostname() else f" (process {pid} of {host})"
