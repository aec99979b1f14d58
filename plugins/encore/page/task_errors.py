"""What a failed task has failed with, read from the end of its log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from encore.page.airflow_api import AirflowApi, task_path

#: What follows the first sentence of a message says what to do.
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`'\"])")
_LONGEST = 1200
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
    path = f"{task_path(dict(task))}/logs/{max(task['try_number'], 1)}"
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
