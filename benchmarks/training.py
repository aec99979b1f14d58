"""From CreateSolutionVersion to a model that answers: seconds, events a second and memory, for three sizes of data.

What is timed is a version's training as the service does it in a worker: measured on held-out users, its metrics, the
model that serves, and the model on disk. Each run is a process of its own, imports of JAX included. `anew` trains both
models from the start and compiles each time; `first` is the service's way on a new data directory; `again` is the next
version, which finds the compiled steps of the first. Interactions are MovieLens 100K (with --data), a generated shop of
200,000 events, and 1 million events of 20,000 users with 50,000 items.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData

RECIPE = "arn:aws:personalize:::recipe/"
GENERATED = {"shop": (200_000, 5_000, 2_000), "million": (1_000_000, 20_000, 50_000)}
WAYS = ("anew", "first", "again")
KINDS_OF_TASTE = 100


def generate(events: int, users: int, items: int) -> TrainingData:
    """Interactions of users who mostly keep to one of 100 kinds of items."""
    rng = np.random.default_rng(0)
    activity = rng.lognormal(0, 1, users)
    user = rng.choice(users, events, p=activity / activity.sum())
    size = items // KINDS_OF_TASTE
    popularity = 1.0 / np.arange(1, size + 1) ** 0.9
    kind = np.where(
        rng.random(events) < 0.8,
        rng.integers(0, KINDS_OF_TASTE, users)[user],
        rng.integers(0, KINDS_OF_TASTE, events),
    )
    item = kind * size + rng.choice(size, events, p=popularity / popularity.sum())
    columns = {"USER_ID": user.astype(str), "ITEM_ID": item.astype(str)}
    return TrainingData(
        pa.table({**columns, "TIMESTAMP": 1_700_000_000 + rng.integers(0, 60 * 86_400, events)})
    )


def train(size: str, way: str, name: str, folder: Path, data_dir: Path | None) -> None:
    """Train once, in this process, and print what it took."""
    from localpersonalize.training import compiled_steps

    if way != "anew":
        compiled_steps.keep_in(folder)  # before a peer imports JAX
    from benchmarks.quality import read
    from localpersonalize.recipes.registry import recipe
    from localpersonalize.training.train import train_solution_version

    data = read(data_dir) if data_dir else generate(*GENERATED[size])
    started = time.perf_counter()
    if way == "anew":
        algorithm = type(recipe(RECIPE + name))
        algorithm.finish = lambda self, measured, *rest: self.train(*rest)  # type: ignore[method-assign]
    result = train_solution_version(data, {}, RECIPE + name, folder / "model")
    seconds = time.perf_counter() - started
    figures = {
        "seconds": round(seconds, 1),
        "processor_seconds": round(time.process_time(), 1),
        "events_a_second": round(data.interactions.num_rows / seconds),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "ndcg_at_10": round(result.metrics["normalized_discounted_cumulative_gain_at_10"], 3),
    }
    print(json.dumps(figures))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of MovieLens 100K")
    parser.add_argument("--recipe", default="aws-hrnn")
    parser.add_argument("--sizes", nargs="*", default=("movielens", *GENERATED))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        size, way, folder = arguments.one
        movielens = arguments.data if size == "movielens" else None
        train(size, way, arguments.recipe, Path(folder), movielens)
        return
    results: dict[str, dict[str, dict[str, float]]] = {}
    for size in arguments.sizes:
        if size == "movielens" and not arguments.data:
            continue
        results[size] = {}
        with tempfile.TemporaryDirectory() as folder:
            for way in WAYS:
                results[size][way] = _in_a_process(arguments, size, way, folder)
                print(f"{size:10} {way:6} {results[size][way]}", flush=True)
    largest = list(results.values())[-1]
    print(
        json.dumps(
            {
                "benchmark": "training",
                "recipe": arguments.recipe,
                "ours": largest["again"]["seconds"],
                "peer": largest["anew"]["seconds"],
                "peer_name": "both models from the start, compiled each time",
                "unit": "seconds",
                "ratio": round(largest["anew"]["seconds"] / largest["again"]["seconds"], 2),
                "sizes": results,
            }
        )
    )


def _in_a_process(arguments: argparse.Namespace, size: str, way: str, folder: str) -> dict[str, float]:
    data = ["--data", str(arguments.data)] if arguments.data else []
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.training", "--one", size, way, folder, *data]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    done = subprocess.run(
        [*command, "--recipe", arguments.recipe],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
