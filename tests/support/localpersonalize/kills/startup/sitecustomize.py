"""Ends a process by SIGKILL at a named place: put on PYTHONPATH, it is imported by each process of the service.

The file that `KILL_FILE` names says which process, before or after what, and at which passage from now on:
`server after os.replace 3`. It goes with the process.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

FUNCTIONS: tuple[tuple[Any, str], ...] = (
    (os, "replace"),
    (os, "fsync"),
    (os, "unlink"),
    (os, "link"),
    (shutil, "rmtree"),
)


def _process() -> str:
    words = " ".join(sys.orig_argv)
    if "localpersonalize.jobs.worker" in words:
        return "worker"
    return "moto" if "localpersonalize.aws.moto_server" in words else "server"


class KillPoints:
    """Counts passages, while the file is there."""

    def __init__(self, file: str) -> None:
        self._file, self._process = file, _process()
        self._remove = os.unlink
        self._passed: dict[str, int] = {}

    def around(self, call: Callable[..., Any], what: str) -> Callable[..., Any]:
        def passed(*args: Any, **kwargs: Any) -> Any:
            self._kill_at(f"before {what}")
            result = call(*args, **kwargs)
            self._kill_at(f"after {what}")
            return result

        return passed

    def _kill_at(self, kill_point: str) -> None:
        try:
            with open(self._file) as opened:
                plan = opened.read()
        except FileNotFoundError:
            return
        if plan.startswith(f"{self._process} {kill_point} "):
            self._passed[plan] = self._passed.get(plan, 0) + 1
            if self._passed[plan] == int(plan.split()[3]):
                self._remove(self._file)
                os.kill(os.getpid(), signal.SIGKILL)


def _around_commits(kill_points: KillPoints) -> None:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> Any:  # type: ignore[override]
            if sql == "COMMIT":
                return commit(self, sql)
            return super().execute(sql, *parameters)

    commit = kill_points.around(sqlite3.Connection.execute, "commit")
    connect = sqlite3.connect

    def connect_with_places(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, **{"factory": Connection, **kwargs})

    sqlite3.connect = connect_with_places  # type: ignore[assignment]


if file := os.environ.get("KILL_FILE"):
    installed = KillPoints(file)
    for module, name in FUNCTIONS:
        wrapped = installed.around(getattr(module, name), f"{module.__name__}.{name}")
        setattr(module, name, wrapped)
    _around_commits(installed)
