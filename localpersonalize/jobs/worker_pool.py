"""Worker processes: started for a job, and one kept ready for the next.

Most of a short job's time is the start of Python and its libraries.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

READY_SECONDS = 600  # imports of a run come together; an idle service keeps nothing ready
COMMAND = [sys.executable, "-W", "ignore", "-m", "localpersonalize.jobs.worker"]

Worker = subprocess.Popen[bytes]


class WorkerPool:
    """Hands out processes that wait for their task on standard input."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: Worker | None = None
        self._timer: threading.Timer | None = None
        self._closed = False

    def acquire(self) -> Worker:
        """A process for one task; the caller ends it, and then calls `make_ready`."""
        with self._lock:
            worker, self._ready = self._ready, None
        if worker is None or worker.poll() is not None:
            worker = _start()
        return worker

    def make_ready(self) -> None:
        """Start a process for the next task: after one, since the start would take a core from it."""
        with self._lock:
            if self._closed or self._ready is not None:
                return
            self._ready = _start("--ready")
            if self._timer:
                self._timer.cancel()
            self._timer = threading.Timer(READY_SECONDS, self._end_ready)
            self._timer.daemon = True
            self._timer.start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._end_ready()

    def _end_ready(self) -> None:
        with self._lock:
            worker, self._ready = self._ready, None
        if worker is not None:
            worker.kill()
            worker.wait()


def _start(*options: str) -> Worker:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [*COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
