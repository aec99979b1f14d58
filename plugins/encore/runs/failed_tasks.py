"""Which tasks of a run have failed, and what follows from that for those that run at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

if TYPE_CHECKING:
    from airflow.sdk import Context


def failed_tasks(context: Context) -> list[str]:
    """The failed tasks of the run, but for its teardowns, which only say how it went."""
    ti: Any = context["ti"]
    states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    teardowns = {task.task_id for task in context["dag"].tasks if task.is_teardown}
    return sorted(task for task, state in states.items() if state == "failed" and task not in teardowns)


def fail_beside(tasks: list[str]) -> None:
    """Let a teardown of a failed run fail as well, once it has done its work.

    Clearing a run's failed tasks then clears the teardown too, and what the run came to in the end is what counts.
    A teardown's own failure changes nothing about its run.

    :raises AirflowFailException: if there are any.
    """
    if tasks:
        raise AirflowFailException(
            f"Done. This task is marked failed because the run has failed ({', '.join(tasks)}): clear the failed tasks,"
            " and it is done again with them."
        )
