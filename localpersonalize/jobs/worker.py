"""A worker process: reads one task as a line of JSON, writes progress and its result as lines of JSON, and ends.

Ends at once when the service that started it is gone, and when it needs more memory than it may have.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from logging import getLogger

from localpersonalize import logging
from localpersonalize.aws.clients import load_models
from localpersonalize.disk import full
from localpersonalize.disk.sealed import DamagedError
from localpersonalize.jobs.machine import MEGABYTE, peak_memory
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.jobs.tasks import TASKS, TaskRefusedError, report_damage

log = getLogger(__name__)

LOOK_SECONDS = 0.1
GROWTH = 16 * MEGABYTE  # is said to the service, which can't ask a process that was killed

Write = Callable[..., None]


def main() -> None:
    if "--ready" in sys.argv:
        _load_what_most_tasks_need()
    line = _first_line()
    if not line.strip():
        return  # the service ended before it had a task
    logging.configure(os.environ.get(logging.FORM, "text"))
    request = TaskRequest.from_line(line)
    threading.Thread(target=_die_with_the_service, daemon=True).start()
    write = _writer()
    threading.Thread(target=_watch_memory, args=(write, request.memory), daemon=True).start()
    _perform(request, write)


def _perform(request: TaskRequest, write: Write) -> None:
    try:
        write(result=TASKS[request.task](request, lambda text: write(progress=text)))
    except TaskRefusedError as error:
        write(refused=str(error))
    except DamagedError as error:
        report_damage(request.data_dir, error)
        write(refused=f"{error}. `localpersonalize check --repair` mends the data directory.")
    except Exception as error:
        if not full.is_full(error):
            log.exception("%s of %s failed", request.task, request.arn)
            sys.exit(1)
        write(refused=full.reason(error))


def _writer() -> Write:
    output, lock = os.fdopen(os.dup(1), "w"), threading.Lock()
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def write(**message: object) -> None:
        with lock:
            print(json.dumps(message), file=output, flush=True)

    return write


def _load_what_most_tasks_need() -> None:
    import localpersonalize.datasets.imports  # noqa: F401

    load_models()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1) or b"\n"
    return line


def _watch_memory(write: Write, limit: int | None) -> None:
    """Say how much memory was needed so far; end the process when that is more than it may have."""
    said = 0
    with suppress(BrokenPipeError):  # the service is gone, and with it this process in a moment
        while (peak := peak_memory()) is not None:
            if limit is not None and peak > limit:
                write(
                    refused=f"The worker needed more than the {limit // MEGABYTE} MB of memory that it may have."
                    " Start the server with a larger --worker-memory, or with fewer --workers."
                )
                os._exit(1)
            if peak >= said + GROWTH:
                write(peak=peak)
                said = peak
            time.sleep(LOOK_SECONDS)


def _die_with_the_service() -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive this thread when the process ends
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
