"""One real stack for all end-to-end tests: PostgreSQL, localpersonalize, and a whole Airflow."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo import local_aws, product_database, shop
from demo.airflow import AirflowClient
from demo.progress import RunFailedError, failed_tasks
from demo.settings import Settings
from demo.stack import Stack
from tests.end_to_end.listening import Slack

SMALL_SHOP = shop.ShopSize(customers=300, products=240, events=6_000, days=20)
RUN_SECONDS = 420
SHORT_TEST = "test_retraining.py"  # the others take minutes each: `make test-long`


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "end_to_end" in str(item.path):
            item.add_marker(pytest.mark.end_to_end)
            item.add_marker(pytest.mark.timeout(1200))
            if item.path.name != SHORT_TEST:
                item.add_marker(pytest.mark.long)
    items.sort(
        key=lambda item: "end_to_end" not in str(item.path)
    )  # the longest file first, beside the others


class RunningStack:
    """What a test needs of the stack: its database, its AWS, its Airflow, and runs that end."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.settings = stack.settings
        self.database = stack.postgres.uri("shop")
        self.airflow: AirflowClient = stack.client()

    def aws(self, service: str) -> Any:
        return local_aws.client(self.settings, service)

    def start_run(self, dag_id: str, params: dict[str, Any] | None = None, **fields: Any) -> str:
        self.airflow.wait_for_dag(dag_id)
        self.airflow.unpause(dag_id)
        return self.airflow.trigger(dag_id, params, **fields)

    def finish(self, dag_id: str, run_id: str, seconds: float = RUN_SECONDS) -> dict[str, Any]:
        """Wait for the run's end; returns the run, with `tasks` by label `task_id` or `task_id[index]`."""
        deadline = time.monotonic() + seconds
        while True:
            self.stack.check()
            run = self.airflow.run(dag_id, run_id)
            if run["state"] in {"success", "failed"}:
                break
            assert time.monotonic() < deadline, f"{dag_id} {run_id}: {self.states(dag_id, run_id)}"
            time.sleep(1)
        return {**run, "tasks": self.states(dag_id, run_id)}

    def run(self, dag_id: str, params: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """Start a run and wait for its end."""
        return self.finish(dag_id, self.start_run(dag_id, params, **fields))

    def succeed(self, dag_id: str, params: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        """Start a run that must succeed."""
        run = self.run(dag_id, params, **fields)
        if run["state"] != "success":
            tasks = self.airflow.task_instances(dag_id, run["dag_run_id"])
            raise RunFailedError(dag_id, run["dag_run_id"], failed_tasks(self.airflow, tasks))
        return run

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        return {
            task["task_id"] + (f"[{task['map_index']}]" if task["map_index"] >= 0 else ""): task["state"]
            for task in self.airflow.task_instances(dag_id, run_id)
        }

    def log(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, attempt: int = 1) -> str:
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        return json.dumps(self.airflow.get(path, map_index=map_index, full_content=True)["content"])


@pytest.fixture(scope="module")
def slack() -> Iterator[Slack]:
    """What a test file's pipeline tells Slack."""
    with Slack() as slack:
        yield slack


@pytest.fixture(scope="session")
def stack() -> Iterator[RunningStack]:
    # A short folder: the path of PostgreSQL's Unix socket may not exceed some hundred characters.
    with tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True) as folder:
        running = Stack(Settings.load(Path(folder).resolve()))
        try:
            running.start()
            product_database.load(
                running.postgres.uri("shop"), shop.generate(SMALL_SHOP, seed=3), "a small shop"
            )
            yield RunningStack(running)
        finally:
            running.stop()
