"""Values that come from other tasks: those that must be there, and those of mapped tasks."""

from __future__ import annotations

from typing import Any

from airflow.sdk.exceptions import AirflowFailException


def require_inputs(task_id: str, **arguments: Any) -> None:
    """
    :raises AirflowFailException: naming the arguments that got nothing: the task that they come from has returned
        nothing, or a template names a task that there is not.
    """
    missing = [name for name, value in arguments.items() if value is None or value in ("", "None")]
    if missing:
        raise AirflowFailException(
            f"{task_id} has no value for {', '.join(missing)}. See whether the task that it comes from has returned"
            " one, and whether the DAG names that task as it is called now."
        )


def values_of(mapped: Any) -> list[Any]:
    """The results of a mapped task as a list without gaps: Airflow gives a single one by itself, and none as None."""
    results = mapped if isinstance(mapped, list | tuple) else [mapped]
    return [result for result in results if result is not None]
