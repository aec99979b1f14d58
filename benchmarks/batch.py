"""Batch recommendations for 100,000 users beside `implicit`'s `recommend` for the same users and count.

Both sides get the same generated interactions; both models are trained first, on a part of the users, since only
answering is measured. The peer has as many factors as our vectors of items have numbers, and then as many as it has by
default. Ours reads JSON lines and writes JSON lines, with histories run through the network and scores; the peer fills
two arrays. Users a second of processor time are compared, which other programs of the machine change little, and
printed beside those of wall time.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.model import Model
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.hrnn.model import HrnnModel
from localpersonalize.recipes.registry import recipe
from localpersonalize.runtime.batch.inference import BatchInference
from localpersonalize.runtime.deployment import Deployment, GroupData
from localpersonalize.runtime.histories import Histories
from localpersonalize.runtime.metadata import Metadata

COUNT = 25
DEFAULT_FACTORS = 100
"""Of `implicit.als`."""
EVENTS_A_USER = 20
CLUSTERS = 100


def interactions(users: int, items: int, seed: int = 0) -> pa.Table:
    """Users who mostly stay in one of `CLUSTERS` groups of items, popular items first in each."""
    rng = np.random.default_rng(seed)
    user = np.repeat(np.arange(users), EVENTS_A_USER)
    cluster = np.repeat(rng.integers(0, CLUSTERS, users), EVENTS_A_USER)
    elsewhere = rng.random(len(user)) < 0.2
    cluster[elsewhere] = rng.integers(0, CLUSTERS, elsewhere.sum())
    inside = (rng.beta(0.7, 3.0, len(user)) * (items // CLUSTERS)).astype(np.int64)
    item = cluster + inside * CLUSTERS
    time_ = np.tile(np.arange(EVENTS_A_USER) * 600, users) + np.repeat(
        rng.integers(0, 10**6, users), EVENTS_A_USER
    )
    names = {"USER_ID": np.char.add("u", user.astype(str)), "ITEM_ID": np.char.add("i", item.astype(str))}
    return pa.table({**names, "TIMESTAMP": time_ + 1_700_000_000})


def trained(name: str, table: pa.Table, items: int, users: int) -> Model:
    """The recipe's model from the first ``users`` users; it knows all items."""
    part = table.slice(0, users * EVENTS_A_USER)
    catalogue = pa.table({"ITEM_ID": [f"i{n}" for n in range(items)]})
    algorithm = recipe(name)
    return algorithm.train(
        TrainingData(part, items=catalogue), algorithm.hyperparameters.parse({}, name), TrainingOptions()
    )


class Seconds(NamedTuple):
    """What something took."""

    processor: float
    wall: float

    @classmethod
    def of(cls, work: Callable[[], object]) -> Seconds:
        processor, wall = time.process_time(), time.perf_counter()
        work()
        return cls(time.process_time() - processor, time.perf_counter() - wall)


def ours(model: Model, name: str, table: pa.Table, users: int) -> Seconds:
    """From JSON lines to JSON lines; the histories are loaded before, like the peer's matrix."""
    data = GroupData(Histories(table), Metadata(None, "USER_ID"), Metadata(None, "ITEM_ID"))
    deployment = Deployment("campaign", "version", "group", name, "USER_PERSONALIZATION", model)
    job = BatchInference(deployment, data, count=COUNT, now=1_800_000_000, threads=os.cpu_count() or 1)
    lines = [b'{"userId": "u%d"}' % n for n in range(users)]
    list(job.run(lines[:2000]))
    gc.freeze()  # as a job does when everything is loaded
    with threadpool_limits(1, "blas"):
        seconds = Seconds.of(lambda: sum(len(outcome.encode()) for outcome in job.run(lines)))
    print(f"ours: {users} users in {seconds}")
    return seconds


def peer(table: pa.Table, users: int, factors: int) -> list[Seconds]:
    """`implicit.als` to recommend for all users at once, on all cores.

    First with the factors that training gave the users, then with factors computed from their histories,
    which is what ours does.
    """
    item = table.column("ITEM_ID").combine_chunks().dictionary_encode()
    rows = np.repeat(np.arange(users), EVENTS_A_USER)
    matrix = sp.csr_matrix((np.ones(len(rows), np.float32), (rows, item.indices.to_numpy())))
    seconds = []
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(factors=factors, iterations=1, random_state=0)
        model.fit(matrix, show_progress=False)
        for fold_in in (False, True):
            answer = partial(
                model.recommend,
                np.arange(users),
                matrix,
                N=COUNT,
                filter_already_liked_items=False,
                recalculate_user=fold_in,
            )
            seconds.append(Seconds.of(answer))
    print(f"implicit, {factors} factors: {users} users in {seconds[0]}, from their histories {seconds[1]}")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", help="not used: the data is generated")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--train-users", type=int, default=5_000)
    parser.add_argument("--recipe", default="aws-hrnn")
    arguments = parser.parse_args()
    table = interactions(arguments.users, arguments.items)
    model = trained(arguments.recipe, table, arguments.items, arguments.train_users)
    answered = ours(model, arguments.recipe, table, arguments.users)
    factors = model.vectors.shape[1] if isinstance(model, HrnnModel) else DEFAULT_FACTORS
    known, folded = peer(table, arguments.users, factors)
    by_default, folded_by_default = peer(table, arguments.users, DEFAULT_FACTORS)
    result = {
        "benchmark": "batch",
        "ours": round(arguments.users / answered.processor),
        "peer": round(arguments.users / known.processor),
        "peer_name": "implicit ALS recommend, users/s of processor time",
        "factors": factors,
        "ratio": round(known.processor / answered.processor, 2),
        "peer_from_histories": round(arguments.users / folded.processor),
        "ratio_from_histories": round(folded.processor / answered.processor, 2),
        "ratio_of_wall_time": round(known.wall / answered.wall, 2),
        "ratio_of_wall_time_from_histories": round(folded.wall / answered.wall, 2),
        "ratio_with_its_default_factors": round(by_default.processor / answered.processor, 2),
        "ratio_with_its_default_factors_from_histories": round(
            folded_by_default.processor / answered.processor, 2
        ),
        "recipe": arguments.recipe,
        "users": arguments.users,
        "items": arguments.items,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
