"""The tasks of a run: when each began, how long it waited for its process, and how long it worked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from demo.airflow import AirflowClient
from demo.progress import label


def show_tasks(console: Console, client: AirflowClient, dag_id: str, run_id: str) -> None:
    """Print a run's tasks in the order of their begin, with seconds since the run's begin.

    `wait` is from the moment at which the scheduler found a task ready to the begin of its work; `work` includes
    what a deferred task has waited for the service.
    """
    begin = datetime.fromisoformat(client.run(dag_id, run_id)["start_date"])
    table = Table(
        "task", "start", "wait", "work", title=dag_id, title_justify="left", box=None, pad_edge=False
    )
    for column in table.columns[1:]:
        column.justify = "right"
    tasks = [
        task for task in client.task_instances(dag_id, run_id) if task["start_date"] and task["duration"]
    ]
    for task in sorted(tasks, key=lambda task: str(task["start_date"])):
        table.add_row(label(task), *(f"{seconds:.1f}" for seconds in _seconds(task, begin)))
    console.print(table)


def _seconds(task: dict[str, Any], begin: datetime) -> tuple[float, float, float]:
    """Start, wait and work of a task, in seconds."""
    start = datetime.fromisoformat(task["start_date"])
    ready = datetime.fromisoformat(task["scheduled_when"] or task["queued_when"] or task["start_date"])
    # A task that was deferred is made ready again each time that it resumes: then its last wait is not known.
    return (start - begin).total_seconds(), max(0.0, (start - ready).total_seconds()), float(task["duration"])
