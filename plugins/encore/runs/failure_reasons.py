"""Why the tasks of a run have failed, and where their logs are.

A task cannot read another's log or exception, so each leaves its own reason behind when it fails for good:
`keep_reason` is the `on_failure_callback` of the DAG's tasks. A task that was ended from outside leaves none.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from encore.runs.failed_tasks import failed_tasks

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "failure"  # of the XCom
LONGEST = 400
ENDED = "It was ended from outside, or nothing is known of why."
_MAPPED = re.compile(r"^(?P<task>.+)_(?P<index>\d+)$")


@dataclass(frozen=True)
class Failure:
    """A failed task.

    :param task: its id; `label` is what the grid calls a mapped one of several, e.g. the solution that it works on
    :param reason: a sentence
    :param link: to its log, or to its run
    """

    task: str
    reason: str
    link: str
    label: str | None = None

    def as_text(self) -> str:
        return f"{self.task}: {self.reason}"


def keep_reason(context: Context) -> None:
    """Leave the failed task's reason for the end of its run."""
    ti: Any = context["ti"]
    value = {
        "task": ti.task_id,
        "reason": reason_of(context.get("exception")),
        "link": ti.log_url,
        "label": getattr(ti, "rendered_map_index", None),
    }
    ti.xcom_push(key=KEY, value=value)


def reason_of(error: BaseException | str | None) -> str:
    """An exception as a sentence; what its author did not write for a reader has the exception's type before it."""
    if error is None:
        return ENDED
    message = " ".join(str(error).split())
    if isinstance(error, BaseException) and not (message and isinstance(error, AirflowException)):
        message = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return textwrap.shorten(message, LONGEST, placeholder=" ...")


def failures(context: Context) -> list[Failure]:
    """The failed tasks of a run, teardowns left out, each with its reason."""
    return [_failure(context, name) for name in failed_tasks(context)]


def _failure(context: Context, name: str) -> Failure:
    ti: Any = context["ti"]
    task, index = name, -1
    if name not in {task.task_id for task in context["dag"].tasks} and (match := _MAPPED.match(name)):
        task, index = match["task"], int(match["index"])
    unknown = Failure(task, ENDED, ti.log_url.split("/tasks/")[0])
    left: Mapping[str, Any] | None = ti.xcom_pull(task_ids=unknown.task, map_indexes=index, key=KEY)
    return Failure(**left) if left else unknown


def of_solution(every: Sequence[Failure], names: Sequence[str]) -> list[Failure]:
    """The failures that a solution has suffered from: its own, or, if it has none, those of tasks that serve all.

    :param names: what its tasks are called in the grid: its own name, and its campaign's
    """
    own = [failure for failure in every if failure.label in names]
    return own or [failure for failure in every if failure.label is None]
