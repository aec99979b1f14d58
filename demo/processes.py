"""Long-running child processes: started with a log file, watched, and stopped with all their children."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: From the request on. All that outlives it can be killed: the state is in PostgreSQL and in the data directory of
#: localpersonalize, which survive a kill at any point, and a task that was stopped is tried again. Airflow's components
#: are done in a second; their interpreters take up to twenty more to end.
STOP_SECONDS = 5.0


class ProcessDiedError(RuntimeError):
    """A process of the stack ended by itself. Carries `name`, `exit_code` and `log`."""

    def __init__(self, name: str, exit_code: int, log: Path) -> None:
        self.name, self.exit_code, self.log = name, exit_code, log
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        super().__init__(
            f"{name} ended with exit code {exit_code}. Its log is {log}; the last lines:\n{tail}"
        )


@dataclass
class Process:
    """A child in a session of its own, so that stopping it stops what it started."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], env: Mapping[str, str], log: Path, cwd: Path
    ) -> Process:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            popen = subprocess.Popen(
                command,
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(name, popen, log)

    def check(self) -> None:
        """
        :raises ProcessDiedError: if it is no longer running.
        """
        code = self.popen.poll()
        if code is not None:
            raise ProcessDiedError(self.name, code, self.log)

    def request_stop(self) -> None:
        if self.popen.poll() is None:
            _signal_group(self.popen.pid, signal.SIGTERM)

    def ensure_stopped(self, deadline: float | None = None) -> None:
        """Wait for its end until a moment of `time.monotonic`, then kill it with all that it started."""
        seconds = STOP_SECONDS if deadline is None else max(0.0, deadline - time.monotonic())
        with suppress(subprocess.TimeoutExpired):
            self.popen.wait(seconds)
        _signal_group(self.popen.pid, signal.SIGKILL)  # also what outlived its parent
        self.popen.wait()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def wait_until(ready: Callable[[], bool], watch: Sequence[Process], seconds: float, what: str) -> None:
    """Poll `ready` until it is true.

    :raises ProcessDiedError: as soon as one of `watch` has ended.
    :raises TimeoutError: after `seconds`, naming `what`.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        for process in watch:
            process.check()
        if time.monotonic() > deadline:
            logs = ", ".join(str(process.log) for process in watch)
            raise TimeoutError(f"{what} was not ready after {seconds:.0f} seconds. Logs: {logs}")
        time.sleep(0.25)


def free_port() -> int:
    """A TCP port on loopback that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
