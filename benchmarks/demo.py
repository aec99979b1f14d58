"""What `make demo` takes, part by part: on a clean state, and once more on what the first one has left.

Start and stop of the stack, the database, the export and the retraining, with the tasks of both runs. The
recommendations at the end, which take a second, are left out.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from benchmarks._tasks import show_tasks
from demo import product_database, shop
from demo.progress import follow
from demo.settings import Settings
from demo.stack import Stack
from encore.config import load_pipeline
from encore.config.models import DagName


def main() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="encore-", ignore_cleanup_errors=True) as folder,
        ProcessPoolExecutor(
            1, get_context("spawn"), max_tasks_per_child=1
        ) as processes,  # as for two commands
    ):
        parts = {
            name: processes.submit(demo, Path(folder).resolve()).result() for name in ("first", "second")
        }
    totals = {name: round(sum(seconds.values()), 1) for name, seconds in parts.items()}
    print(json.dumps({"benchmark": "demo", "seconds": totals, "parts": parts}))


def demo(folder: Path) -> dict[str, float]:
    """Seconds of each part of one demo."""
    console = Console(width=120)
    group = load_pipeline().dataset_groups[0]
    parts: dict[str, float] = {}
    stack = Stack(Settings.load(folder))
    try:
        with timed(parts, "start"):
            stack.start(console.print)
        database = stack.postgres.uri("shop")
        with timed(parts, "fill"):
            if product_database.loaded_source(database) is None:
                product_database.load(database, shop.generate(), "benchmark")
        first, last = product_database.history(database)
        runs: tuple[tuple[DagName, dict[str, str]], ...] = (
            ("export_interactions", {"from_date": first.isoformat(), "to_date": last.isoformat()}),
            ("retrain_recommenders", {}),
        )
        for name, params in runs:
            client, dag_id = stack.client(), group.dag_id(name)
            with timed(parts, name):
                client.wait_for_dag(dag_id)
                client.unpause(dag_id)
                run = follow(client, dag_id, client.trigger(dag_id, params), console, stack.check)
            show_tasks(console, client, dag_id, run["dag_run_id"])
    finally:
        with timed(parts, "stop"):
            stack.stop()
    return parts


@contextmanager
def timed(parts: dict[str, float], name: str) -> Iterator[None]:
    """Note the seconds that a part takes."""
    begin = time.monotonic()
    yield
    parts[name] = round(time.monotonic() - begin, 1)


if __name__ == "__main__":
    main()
