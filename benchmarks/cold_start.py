"""New items that are then really bought, and user segments, beside simple peers.

`new items`: of the demo's generated shop, products that appear in the second half are put without the events of
their first days; of the events of the last ten days with them, how well are a user's found among all new products? The
peers: the newest, those that sold most by then (which nobody can know of items without events), and chance.
`segments`: hits of `aws-item-affinity` at one percent of the users, beside who did most and who took the item's
nearest neighbours.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import _peers, quality
from demo.shop import ShopSize, generate
from localpersonalize.evaluation import segments, splitting
from localpersonalize.evaluation.metrics import segment_metrics
from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Request
from localpersonalize.recipes.base.options import TrainingOptions
from localpersonalize.recipes.registry import recipe

DAY = 86_400
NEW_SINCE, KNOWN_UNTIL = 30, 50  # days of the shop's sixty
RECIPES = ("aws-hrnn-metadata", "aws-user-personalization", "aws-user-personalization-v2")


def shop(size: ShopSize) -> tuple[TrainingData, int]:
    """The generated shop as datasets, and when it began (epoch seconds)."""
    tables = generate(size)
    events = tables.events.dropna(subset=["customer_id", "product_id"])
    seconds = events["happened_at"].astype("int64").to_numpy() // 10 ** _decimals(events["happened_at"])
    published = tables.products["published_at"]
    created = [None if value is None else int(value.timestamp()) for value in published.dropna()]
    ages = dict(zip(published.dropna().index, created, strict=True))
    items = pa.table(
        {
            "ITEM_ID": tables.products["id"].astype(str).to_numpy(),
            "CATEGORY": ["|".join(names) for names in tables.products["categories"]],
            "CREATION_TIMESTAMP": pa.array([ages.get(row) for row in range(len(published))], pa.int64()),
        }
    )
    interactions = pa.table(
        {
            "USER_ID": events["customer_id"].astype(str).to_numpy(),
            "ITEM_ID": events["product_id"].astype(str).to_numpy(),
            "TIMESTAMP": seconds,
        }
    )
    category = {"name": "CATEGORY", "type": "string", "categorical": True}
    fields = [{"name": "ITEM_ID", "type": "string"}, category, {"name": "CREATION_TIMESTAMP", "type": "long"}]
    begin = int(seconds.max()) // DAY * DAY - (size.days - 1) * DAY
    return TrainingData(interactions, items=items, schemas={"items": {"fields": fields}}), begin


def _decimals(column: object) -> int:
    return {"s": 0, "ms": 3, "us": 6, "ns": 9}[str(column.dtype).split("[")[1].split(",")[0]]  # type: ignore[attr-defined]


def new_items(size: ShopSize, names: tuple[str, ...], seed: int) -> dict[str, float]:
    """NDCG@10 among the new products by model: mean over users who took one in the last ten days."""
    data, begin = shop(size)
    assert data.items is not None
    time_ = data.interactions["TIMESTAMP"].to_numpy()
    created = data.items["CREATION_TIMESTAMP"].to_numpy(zero_copy_only=False).astype(float)
    is_new = (created >= begin + NEW_SINCE * DAY) & (created < begin + KNOWN_UNTIL * DAY)
    new = data.items["ITEM_ID"].to_numpy(zero_copy_only=False)[is_new]
    of_new = np.isin(data.interactions["ITEM_ID"].to_numpy(zero_copy_only=False), new)
    known = time_ < begin + KNOWN_UNTIL * DAY
    train = replace(data, interactions=data.interactions.filter(pa.array(known & ~of_new)))
    later = data.interactions.filter(pa.array(~known & of_new)).to_pandas()
    truth = {user: np.unique(rows) for user, rows in later.groupby("USER_ID")["ITEM_ID"]}
    sold = data.interactions.filter(pa.array(known & of_new)).to_pandas()["ITEM_ID"].value_counts()
    rng = np.random.default_rng(seed)
    figures = {
        "random": _gain(lambda user: rng.random(len(new)), new, truth),
        "newest": _gain(lambda user: created[is_new], new, truth),
        "sold most by then": _gain(lambda user: np.array([sold.get(item, 0) for item in new]), new, truth),
    }
    log = EventLog.of(train)
    users = {name: number for number, name in enumerate(log.users.array.to_pylist())}
    for name in names:
        algorithm, started = recipe(name), time.process_time()
        model = algorithm.train(train, algorithm.hyperparameters(), TrainingOptions(seed=seed))
        model.add_items(train.items)
        columns, items = model.items.index(new), model.items.index(log.items.array)

        def score(user: str, model=model, columns=columns, items=items) -> np.ndarray:  # type: ignore[no-untyped-def]
            part = slice(*log.starts[users[user] : users[user] + 2]) if user in users else slice(0)
            request = Request(user, history_items=items[log.item[part]], history_times=log.time[part])
            row: np.ndarray = model.score([request])[0][columns]
            return row

        figures[name] = _gain(score, new, truth)
        print(f"{name}: {time.process_time() - started:.0f} s of processor time", flush=True)
    print(f"{len(new)} new products, {len(truth)} users")
    return figures


def _gain(score: Callable[[str], np.ndarray], new: np.ndarray, truth: dict[str, np.ndarray]) -> float:
    gains = []
    for user, bought in truth.items():
        best = new[np.argsort(-score(user), kind="stable")[:10]]
        discounts = 1 / np.log2(np.arange(2, 12))
        gains.append(discounts[np.isin(best, bought)].sum() / discounts[: len(bought)].sum())
    return float(np.mean(gains))


def segment_hits(data: TrainingData, seed: int) -> dict[str, float]:
    """`hits_at_1_percent` of item affinity and of peers, on each user's newest fifth of events."""
    algorithm = recipe("aws-item-affinity")
    split = splitting.split_for(algorithm, data, seed)
    assert split.later is not None
    model = algorithm.train(split.train, algorithm.hyperparameters(), TrainingOptions(seed=seed))
    log = EventLog.of(split.train, model.items)
    test = EventLog.of(split.later, model.items)
    user = log.users.index(test.users.array)[test.user]
    takers: dict[int, set[int]] = {}
    for item, who in zip(test.item.tolist(), user.tolist(), strict=True):
        takers.setdefault(item, set()).add(who)
    size = max(1, round(segments.SEGMENT_SHARE * len(log.users)))
    seen = _peers.seen_matrix(log.user, log.item, len(log.users), len(log.items))
    histories = [log.item[begin:end] for begin, end in pairwise(log.starts)]
    peers = {"who did most": np.repeat(log.lengths[:, None], len(log.items), axis=1)}
    peers |= {name: score(histories) for name, score in _peers.peers(seen).items() if name != "popularity"}
    figures = {}
    for name, scores in peers.items():
        best = [set(np.argsort(-scores[:, item], kind="stable")[:size].tolist()) for item in takers]
        hits = segment_metrics(best, list(takers.values()), len(log.users))
        figures[name] = hits["hits_at_1_percent"]
    measured = segments.measure(algorithm, model, split.train, split.later)
    return {**figures, "aws-item-affinity": measured["hits_at_1_percent"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of MovieLens 100K, for segments")
    parser.add_argument("--recipes", nargs="*", default=RECIPES)
    parser.add_argument("--customers", type=int, default=1_500)
    arguments = parser.parse_args()
    size = ShopSize(
        arguments.customers, products=arguments.customers * 2 // 5, events=arguments.customers * 40
    )
    figures = new_items(size, tuple(arguments.recipes), 0)
    print("new items, NDCG@10:", {name: round(value, 3) for name, value in figures.items()}, flush=True)
    if arguments.data:
        hits = segment_hits(quality.read(arguments.data), 0)
        print("segments, hits at 1%:", {name: round(value, 2) for name, value in hits.items()})
    ours = max(figures[name] for name in arguments.recipes)
    result = {
        "benchmark": "cold_start",
        "ours": round(ours, 3),
        "peer": round(figures["newest"], 3),
        "peer_name": "NDCG@10 among new items, the newest first",
        "ratio": round(ours / figures["newest"], 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
