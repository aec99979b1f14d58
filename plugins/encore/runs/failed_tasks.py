"""Which tasks of a run have failed and why, and what follows from that for those that run at its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_personalize.exceptions import PersonalizeError

if TYPE_CHECKING:
    from airflow.sdk import Context

ERROR_KEY = "error"
MOST_CHARACTERS = 1_000
_SAY_IT_THEMSELVES = (AirflowException, PersonalizeError)


@dataclass(frozen=True)
class FailedTask:
    """A task of a run that failed: its name with its map index, its error, and the page of its log."""

    label: str
    error: str
    url: str


def remember_error(context: Context) -> None:
    """The `on_failure_callback` of every task: its error, for the messages at the end of the run."""
    error = context.get("exception")
    if error is None:
        return
    text = str(error).strip()
    if not isinstance(error, _SAY_IT_THEMSELVES):
        text = f"{type(error).__name__}: {text}"
    context["ti"].xcom_push(key=ERROR_KEY, value=text[:MOST_CHARACTERS])


def failed_tasks(context: Context) -> list[FailedTask]:
    """The failed tasks of the run, but for its teardowns, which only say how it went."""
    ti: Any = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    tasks = {task.task_id: task for task in context["dag"].tasks}
    failed = []
    for name in sorted(name for name, state in states.items() if state == "failed"):
        task_id, map_index = (name, -1) if name in tasks else _mapped(name)
        if task_id in tasks and not tasks[task_id].is_teardown:
            failed.append(_failed_task(ti, tasks[task_id], map_index))
    return failed


def _mapped(name: str) -> tuple[str, int]:
    """Airflow calls the instances of a mapped task `id_0`, `id_1` and so on."""
    task_id, _, index = name.rpartition("_")
    return task_id, int(index)


def _failed_task(ti: Any, task: Any, map_index: int) -> FailedTask:
    error = ti.xcom_pull(task_ids=task.task_id, key=ERROR_KEY, map_indexes=map_index)
    mapped = f"/mapped/{map_index}" if map_index >= 0 else ""
    run = ti.log_url.split("/tasks/")[0]
    return FailedTask(
        f"{task.task_id}[{map_index}]" if map_index >= 0 else task.task_id,
        error
        or "It ended without an error of its own: its process was stopped, or a person has marked it failed.",
        f"{run}/tasks/{task.task_id}{mapped}",
    )


def fail_beside(tasks: list[FailedTask]) -> None:
    """Let a teardown of a failed run fail as well, once it has done its work.

    Clearing a run's failed tasks then clears the teardown too, and what the run came to in the end is what counts.
    A teardown's own failure changes nothing about its run.

    :raises AirflowFailException: if there are any.
    """
    if tasks:
        names = ", ".join(task.label for task in tasks)
        raise AirflowFailException(
            f"Done. This task is marked failed because the run has failed ({names}): clear the failed tasks, and it is"
            " done again with them."
        )
