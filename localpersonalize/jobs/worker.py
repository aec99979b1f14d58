"""A worker process: reads one task as a line of JSON, writes progress and its result as lines of JSON, and ends.

Ends at once when the service that started it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

from localpersonalize.aws.clients import load_models
from localpersonalize.jobs.task_request import TaskRequest
from localpersonalize.jobs.tasks import TASKS, TaskRefusedError


def main() -> None:
    if "--ready" in sys.argv:
        _load_what_most_tasks_need()
    line = _first_line()
    if not line.strip():
        return  # the service ended before it had a task
    request = TaskRequest.from_line(line)
    threading.Thread(target=_die_with_the_service, daemon=True).start()
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not mix with the answers

    def write(**message: Any) -> None:
        print(json.dumps(message), file=output, flush=True)

    try:
        write(result=TASKS[request.task](request, lambda text: write(progress=text)))
    except TaskRefusedError as error:
        write(refused=str(error))


def _load_what_most_tasks_need() -> None:
    import localpersonalize.datasets.imports  # noqa: F401

    load_models()


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1) or b"\n"
    return line


def _die_with_the_service() -> None:
    while os.read(0, 1024):  # not sys.stdin: its lock would outlive this thread when the process ends
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
