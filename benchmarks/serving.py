"""Recommendations over HTTP: one server process on one core, signatures checked, beside the service's own
limit.

The load comes from the other core at a fixed rate (open loop), first alone, then while an import runs
beside it, then as fast as it goes. The real service allows 500 requests a second to a campaign.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import load
from benchmarks.live_service import LiveService
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.scores import DenseScores
from localpersonalize.recipes.registry import load_model

LIMIT = 500
USERS = 20_000
HISTORY = 25
DISTANCE = 0.5
"""Of a grown item from the trained one that it is like, in standard deviations of the trained vectors."""


def interactions(users: int, items: int, seed: int = 0) -> pa.Table:
    """`HISTORY` events a user; every item has some, popular ones many."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), HISTORY)
    item = (rng.beta(0.6, 2.0, len(user)) * items).astype(np.int64)
    item[: min(items, len(item))] = np.arange(min(items, len(item)))
    when = 1_700_000_000 + rng.integers(0, 10**6, len(user))
    names = {"USER_ID": np.char.add("u", user.astype(str)), "ITEM_ID": np.char.add("i", item.astype(str))}
    return pa.table({**names, "EVENT_TYPE": ["view"] * len(user), "TIMESTAMP": when})


def requests(service: LiveService, campaign: str, users: int, count: int, seed: int) -> list[bytes]:
    sample = np.random.default_rng(seed).integers(0, users, count)
    bodies = ({"campaignArn": campaign, "userId": f"u{user}", "numResults": 25} for user in sample)
    return service.signed("/recommendations", bodies)


def measure(service: LiveService, campaign: str, arguments: Any, role: str, other: str) -> dict[str, Any]:
    """Summaries of the phases."""
    host, users = "127.0.0.1", arguments.users
    count = int(arguments.rate * arguments.seconds)
    load.run(host, service.port, requests(service, campaign, users, 500, 1), 0, 4)
    figures: dict[str, Any] = {}
    figures["alone"] = load.run(
        host, service.port, requests(service, campaign, users, count, 2), arguments.rate
    ).summary()
    if arguments.import_rows:
        ready = requests(service, campaign, users, count, 3)
        rows = interactions(arguments.import_rows // HISTORY, arguments.items, 9)
        job = service.start_import(other, rows, "beside", role)
        _move_jobs(service)
        figures["beside_import"] = load.run(host, service.port, ready, arguments.rate).summary()
        service.wait_for_import(job)
    flat_out = requests(service, campaign, users, count, 4)
    before = service.processor_seconds()
    figures["flat_out"] = load.run(host, service.port, flat_out, 0, 16).summary()
    figures["flat_out"]["rate_of_processor_time"] = round(count / (service.processor_seconds() - before))
    return figures


def grow(folder: Path, items: int) -> dict[str, float]:
    """Give a trained `aws-hrnn` model more items, each beside a trained one; how right its index then is."""
    model: Any = load_model(folder)
    trained = model.parameters
    more = [f"grown{n}" for n in range(items - len(model.items))]
    rng = np.random.default_rng(0)
    like = rng.choice(np.flatnonzero(trained["bias"] > -np.inf), len(more))
    noise = rng.normal(0, DISTANCE * trained["vectors"].std(), (len(more), trained["vectors"].shape[1]))
    trained["vectors"] = np.concatenate([model.vectors, (model.vectors[like] + noise).astype(np.float32)])
    bias = trained["bias"][like] + rng.normal(0, 0.5, len(more))
    trained["bias"] = np.append(trained["bias"], bias.astype(np.float32))
    model.items = model.items.extended(more)
    shutil.rmtree(folder)
    folder.mkdir()
    model.save(folder)
    return _against_exact(model, rng)


def _against_exact(model: Any, rng: np.random.Generator) -> dict[str, float]:
    """Of 100 users with random histories: how many of the exact best the index finds, and how wrong scores are."""
    begun = time.process_time()
    model.build_index()
    seconds = time.process_time() - begun
    recalls, errors = [], []
    for _ in range(100):
        history = rng.integers(0, len(model.items), HISTORY)
        request = Request(history_items=history, history_times=np.arange(HISTORY) * 60)
        scores, exact = model.scores_for([request])[0], DenseScores(model.score([request])[0])
        recalls.append(len(np.intersect1d(scores.best(25), exact.best(25))) / 25)
        errors.append(abs(np.expm1(scores.log_sum() - exact.log_sum())))
    return {
        "recall_at_25": round(float(np.mean(recalls)), 4),
        "mean_error_of_scores": round(float(np.mean(errors)), 4),
        "largest_error_of_scores": round(float(np.max(errors)), 4),
        "index_processor_seconds": round(seconds, 1),
    }


def _move_jobs(service: LiveService) -> None:
    """Jobs run on the other core, as on a machine with more than one."""
    time.sleep(0.3)
    for child in service.children():
        for task in Path(f"/proc/{child}/task").glob("*"):
            os.sched_setaffinity(int(task.name), {1})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not used: the data is generated")
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=USERS)
    parser.add_argument("--rate", type=float, default=LIMIT)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--recipe", default="aws-hrnn")
    parser.add_argument(
        "--real-time", action="store_true", help="schedule server and load before other programs (needs root)"
    )
    parser.add_argument("--grow-to", type=int, help="add items like the trained ones to the model")
    parser.add_argument("--import-rows", type=int, default=2_000_000)
    arguments = parser.parse_args()
    accuracy: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="serving-") as folder:
        service = LiveService(Path(folder))
        service.start()
        try:
            role = service.prepare_account()
            group, dataset = service.dataset_group("serving")
            _, other = service.dataset_group("other")
            table = interactions(arguments.users, arguments.items)
            service.wait_for_import(service.start_import(dataset, table, "first", role))
            before = service.memory()
            begun = time.perf_counter()
            version = service.train(group, arguments.recipe, "served")
            print(f"trained {arguments.recipe} in {time.perf_counter() - begun:.0f} s")
            if arguments.grow_to:
                name = version.split(":")[-1].replace("/", ".")
                accuracy = grow(Path(folder) / "data" / "models" / name, arguments.grow_to)
            campaign = service.campaign(version, "served")
            _pin(service, {0}, arguments.real_time)
            os.sched_setaffinity(0, {1})
            if arguments.real_time:
                _real_time(0)
            figures = measure(service, campaign, arguments, role, other)
            memory = service.memory()
        finally:
            service.stop()
    for name, summary in figures.items():
        print(name, json.dumps(summary))
    result = {
        "benchmark": "serving",
        "ours": figures["flat_out"]["rate"],
        "peer": LIMIT,
        "peer_name": "requests/s the service allows a campaign",
        "ratio": round(figures["flat_out"]["rate"] / LIMIT, 2),
        "of_processor_time": figures["flat_out"]["rate_of_processor_time"],
        "items": arguments.grow_to or arguments.items,
        "recipe": arguments.recipe,
        "at_rate": arguments.rate,
        "p50_ms": figures["alone"]["p50"],
        "p99_ms": figures["alone"]["p99"],
        "errors": figures["alone"]["errors"],
        "p99_ms_beside_import": figures.get("beside_import", {}).get("p99"),
        "server_mb": round(memory / 1e6),
        "server_mb_without_model": round(before / 1e6),
        **accuracy,
    }
    print(json.dumps(result))


def _pin(service: LiveService, cores: set[int], real_time: bool) -> None:
    """All threads of the server."""
    assert service.process is not None
    for task in Path(f"/proc/{service.process.pid}/task").glob("*"):
        os.sched_setaffinity(int(task.name), cores)
        if real_time:
            _real_time(int(task.name))


def _real_time(task: int) -> None:
    """Before other programs of this machine, which would otherwise be measured too; not for processes it starts."""
    os.sched_setscheduler(task, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(10))


if __name__ == "__main__":
    main()
