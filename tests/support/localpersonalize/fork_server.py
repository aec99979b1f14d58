"""Starts of `localpersonalize` in a tenth of a second each: forked from a process that has imported it all.

As a program it reads requests as lines of JSON and answers each with one; `ForkServer` is its other end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

from localpersonalize.aws.clients import load_models


class ForkServer:
    """The process that forks."""

    def __init__(self, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | environment,
            text=True,
        )

    def start(self, log: Path, *arguments: str) -> int:
        """Begin `localpersonalize ARGUMENTS`; the id of its process."""
        return int(self._request(start=list(arguments), log=str(log)))

    def status(self, pid: int) -> int | None:
        """Its exit status, negative after a signal; None while it runs."""
        status = self._request(poll=pid)
        return None if status is None else os.waitstatus_to_exitcode(status)

    def kill(self, pid: int) -> None:
        self._request(kill=pid)

    def run(self, log: Path, *arguments: str) -> int:
        """Its exit status, once it has ended."""
        pid = self.start(log, *arguments)
        while (status := self.status(pid)) is None:
            time.sleep(0.01)
        return status

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(20)

    def _request(self, **request: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


PRELOADED = (
    "localpersonalize.__main__",
    "localpersonalize.application",
    "localpersonalize.check.run",
    "localpersonalize.http.connection",
    "localpersonalize.http.listening",
    "localpersonalize.logging",
    "localpersonalize.recipes.hrnn.hrnn",
    "localpersonalize.recipes.popularity.popularity_count",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)


def main() -> None:
    for module in PRELOADED:
        import_module(module)
    load_models()
    pa.array(["what Arrow imports when it is first used"])
    ended: dict[int, int] = {}
    running: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            answer: Any = _fork(request["start"], request["log"])
            running.add(answer)
        elif "poll" in request:
            answer = _reap(ended, request["poll"], os.WNOHANG)
        else:
            os.kill(request["kill"], signal.SIGKILL)
            answer = _reap(ended, request["kill"], 0)
        print(json.dumps(answer), flush=True)
    for pid in running - ended.keys():  # the tests are over, or were killed
        os.kill(pid, signal.SIGKILL)


def _reap(ended: dict[int, int], pid: int, options: int) -> int | None:
    if pid not in ended:
        changed, status = os.waitpid(pid, options)
        if changed == 0:
            return None
        ended[pid] = status
    return ended[pid]


def _fork(arguments: list[str], log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (file, 1), (file, 2)):
            os.dup2(source, target)
        sys.argv = ["localpersonalize", *arguments]
        from localpersonalize.__main__ import main as localpersonalize

        localpersonalize()
        code = 0
    except SystemExit as error:
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
