"""What a failed task has failed with: the reason that it has left, else the end of its log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from encore.page.airflow_api import AirflowApi, task_path, xcom
from encore.runs.failure_reasons import ENDED, KEY

#: What follows the first sentence of a message says what to do.
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"])")
_LONGEST = 1200
CUT = "..."  # ends a reason that was too long to be left whole
NO_ERROR = "The log has no error: its process was ended from outside, or the log is gone."


@dataclass(frozen=True)
class TaskError:
    """An error as a person reads it.

    :param headline: its first sentence
    :param advice: what the message goes on with, mostly the next step
    """

    headline: str
    advice: str = ""


def error_of(api: AirflowApi, task: Mapping[str, Any]) -> TaskError:
    """The last error of a task instance, as Airflow's API describes the instance."""
    left = xcom(api, task, KEY)
    reason = str(left["reason"]) if left else ""
    if reason and reason != ENDED and not reason.endswith(CUT):
        return _split(reason)
    path = f"{task_path(task)}/logs/{max(task['try_number'], 1)}"
    log = api.find(path, map_index=task["map_index"], full_content=True)
    return as_error(log["content"] if log else ())


def as_error(lines: Sequence[Any]) -> TaskError:
    """The last error of a log, whose lines are what Airflow's API gives: objects, or text of an older log."""
    for line in reversed(lines):
        if isinstance(line, Mapping) and (message := _message(line)):
            return _split(message)
    return TaskError(NO_ERROR)


def _message(line: Mapping[str, Any]) -> str:
    """The text of the exception of a line, else of a line that is an error itself."""
    for error in reversed(line.get("error_detail") or ()):
        value = str(error.get("exc_value") or "").strip()
        return value or str(error.get("exc_type") or "")
    is_error = str(line.get("level", "")).lower() in ("error", "critical")
    return str(line.get("event") or "").strip() if is_error else ""


def _split(message: str) -> TaskError:
    text = " ".join(message.split())[:_LONGEST]
    headline, *rest = _END_OF_SENTENCE.split(text, maxsplit=1)
    return TaskError(headline, rest[0] if rest else "")
