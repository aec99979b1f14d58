"""Item-to-item similarities of 10 million generated interactions, beside `implicit`'s CosineRecommender.

200,000 users and 50,000 items, both with long tails; the 100 most similar items of each item, on two threads.
Each contender runs in a process of its own; seconds are of training from the events in memory, and memory is
the peak of the process, its data included.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection

import numpy as np

INTERACTIONS, USERS, ITEMS, MAX_NEIGHBOURS, THREADS = 10_000_000, 200_000, 50_000, 100, 2
ROUNDS = 2


def generate(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """User (sorted) and item of each event, int32."""
    rng = np.random.default_rng(seed)
    activity = rng.lognormal(0, 1, USERS)
    popularity = 1.0 / np.arange(1, ITEMS + 1) ** 0.8
    user = np.sort(rng.choice(USERS, INTERACTIONS, p=activity / activity.sum())).astype(np.int32)
    return user, rng.choice(ITEMS, INTERACTIONS, p=popularity / popularity.sum()).astype(np.int32)


def ours() -> float:
    from localpersonalize.recipes.base.interactions import EventLog
    from localpersonalize.recipes.base.options import TrainingOptions
    from localpersonalize.recipes.base.vocabulary import Vocabulary
    from localpersonalize.recipes.knn.sims import SimsHyperparameters, neighbours_of

    user, item = generate()
    row = np.arange(INTERACTIONS)
    starts = np.searchsorted(user, np.arange(USERS + 1))
    users, items = (Vocabulary([str(n) for n in range(count)]) for count in (USERS, ITEMS))
    weight = np.ones(INTERACTIONS, np.float32)
    log = EventLog(users, items, user, item, row.astype(np.int64), weight, row, starts)
    started = time.perf_counter()
    neighbours_of(log, SimsHyperparameters(), TrainingOptions(threads=THREADS))
    return time.perf_counter() - started


def implicit() -> float:
    import scipy.sparse as sp
    from implicit.nearest_neighbours import CosineRecommender

    user, item = generate()
    started = time.perf_counter()
    seen = sp.csr_matrix((np.ones(INTERACTIONS, np.float32), (user, item)), shape=(USERS, ITEMS))
    model = CosineRecommender(K=MAX_NEIGHBOURS, num_threads=THREADS)
    model.fit(seen, show_progress=False)
    return time.perf_counter() - started


def _child(name: str, pipe: Connection) -> None:
    seconds = {"ours": ours, "implicit": implicit}[name]()
    pipe.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6))


def run(name: str) -> tuple[float, float]:
    """Seconds and gigabytes of one contender in a fresh process."""
    parent_end, child_end = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(name, child_end))
    process.start()
    result = parent_end.recv()
    process.join()
    return result


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    results: dict[str, list[tuple[float, float]]] = {"ours": [], "implicit": []}
    for _ in range(ROUNDS):
        for name, runs in results.items():
            runs.append(run(name))
            print(f"{name}: {runs[-1][0]:.1f} s, {runs[-1][1]:.2f} GB", flush=True)
    (seconds, memory), (peer, _) = (min(results[name]) for name in ("ours", "implicit"))
    print(
        json.dumps(
            {
                "benchmark": "sims",
                "ours": round(INTERACTIONS / seconds),
                "peer": round(INTERACTIONS / peer),
                "peer_name": "implicit CosineRecommender, K=100",
                "unit": "interactions a second",
                "ratio": round(peer / seconds, 2),
                "peak_gb": round(memory, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
