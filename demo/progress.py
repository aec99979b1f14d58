"""Follows a DAG run and shows each task's state as it changes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from demo.airflow import AirflowClient

FINISHED = {"success", "failed"}
MARKS = {
    "success": "[green]done[/]",
    "failed": "[red]failed[/]",
    "upstream_failed": "[red]not run: something before it failed[/]",
    "skipped": "[dim]skipped[/]",
    "running": "[cyan]running[/]",
    "deferred": "[magenta]waiting for the service[/]",
    "up_for_retry": "[yellow]will be tried again[/]",
}


@dataclass(frozen=True)
class FailedTask:
    """A task of a run that failed, with what a person needs to look into it."""

    task: str
    error: str
    log: str


class RunFailedError(RuntimeError):
    """A DAG run did not succeed. `tasks` are the tasks that failed by themselves."""

    def __init__(self, dag_id: str, run_id: str, tasks: list[FailedTask]) -> None:
        self.tasks = tasks
        named = "; ".join(f"{task.task}: {task.error} (log: {task.log})" for task in tasks)
        super().__init__(f"{dag_id} run {run_id} failed. {named}")


def follow(
    client: AirflowClient,
    dag_id: str,
    run_id: str,
    console: Console,
    check: Callable[[], None] = lambda: None,
    log_folder: str = "",
) -> dict[str, Any]:
    """Show the run until it ends; returns the run.

    On a terminal a table is redrawn in place; elsewhere one line is printed for each change.

    :raises RunFailedError: if the run ends in any state but success.
    """
    started = time.monotonic()
    seen: dict[str, str] = {}
    with Live(console=console, refresh_per_second=2, transient=False, auto_refresh=False) as live:
        while True:
            check()
            run = client.run(dag_id, run_id)
            tasks = client.task_instances(dag_id, run_id)
            elapsed = time.monotonic() - started
            if console.is_terminal:
                live.update(_table(dag_id, tasks, elapsed), refresh=True)
            else:
                _print_changes(console, tasks, seen, elapsed)
            if run["state"] in FINISHED:
                break
            time.sleep(1)
    if run["state"] != "success":
        raise RunFailedError(dag_id, run_id, failed_tasks(client, tasks, log_folder))
    return run


def failed_tasks(
    client: AirflowClient, tasks: list[dict[str, Any]], log_folder: str = ""
) -> list[FailedTask]:
    """Those of a run's tasks that failed by themselves, each with its error."""
    return [_failure(client, task, log_folder) for task in tasks if task["state"] == "failed"]


def label(task: dict[str, Any]) -> str:
    """A task's name as people know it, with what it is mapped over."""
    if task["map_index"] < 0:
        return str(task["task_id"])
    return f"{task['task_id']} [{task.get('rendered_map_index') or task['map_index']}]"


def _table(dag_id: str, tasks: list[dict[str, Any]], elapsed: float) -> Table:
    table = Table(title=f"{dag_id}  {_clock(elapsed)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("task", min_width=44)
    table.add_column("state", min_width=24)
    table.add_column("took", justify="right")
    for task in sorted(tasks, key=lambda task: (task["start_date"] or "~", label(task))):
        if task["state"]:
            table.add_row(
                escape(label(task)), MARKS.get(task["state"], task["state"]), _clock(task["duration"] or 0)
            )
    waiting = Counter(task["state"] for task in tasks)[None]
    if waiting:
        table.caption = f"{waiting} more to come"
    return table


def _print_changes(
    console: Console, tasks: list[dict[str, Any]], seen: dict[str, str], elapsed: float
) -> None:
    for task in tasks:
        name, state = label(task), task["state"] or ""
        if seen.get(name, "") != state and state in MARKS:
            console.print(f"  {_clock(elapsed):>6}  {escape(name.ljust(52))} {MARKS[state]}", highlight=False)
        seen[name] = state


def _failure(client: AirflowClient, task: dict[str, Any], log_folder: str) -> FailedTask:
    path = f"/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/{task['task_id']}"
    answer = client.get(f"{path}/logs/{task['try_number']}", map_index=task["map_index"], full_content=True)
    errors = [entry for entry in answer["content"] if isinstance(entry, dict) and entry.get("error_detail")]
    error = "the log has no error"
    if errors:
        detail = errors[-1]["error_detail"][0]
        error = f"{detail['exc_type']}: {detail['exc_value']}"
    mapped = f"/map_index={task['map_index']}" if task["map_index"] >= 0 else ""
    log = (
        f"{log_folder}/dag_id={task['dag_id']}/run_id={task['dag_run_id']}/task_id={task['task_id']}"
        f"{mapped}/attempt={task['try_number']}.log"
    )
    return FailedTask(label(task), error, log)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
