"""Generated data whose pattern, and so whose right answer, is known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.base.ranking import top_k

Event = tuple[str, str, int]
DAY = 86400
START = 1_700_000_000


def data_of(events: Iterable[Event], **tables: pa.Table) -> TrainingData:
    users, items, times = zip(*events, strict=True)
    interactions = pa.table(
        {
            "USER_ID": pa.array(users, pa.string()),
            "ITEM_ID": pa.array(items, pa.string()),
            "TIMESTAMP": pa.array(times, pa.int64()),
        }
    )
    return TrainingData(interactions=interactions, **tables)


def chain(users: int = 150, items: int = 30, length: int = 20, seed: int = 0) -> TrainingData:
    """After item n nearly always comes item n + 1; everybody starts anywhere."""
    rng = np.random.default_rng(seed)
    events = []
    for user in range(users):
        item = int(rng.integers(items))
        for step in range(length):
            events.append((f"u{user}", f"i{item}", START + user * 10_000 + step * 60))
            item = (item + 1) % items if rng.random() < 0.9 else int(rng.integers(items))
    return data_of(events)


def tastes(users: int = 200, items: int = 60, length: int = 15, seed: int = 0, cold: int = 0) -> TrainingData:
    """Even users like genre 'red' (even items), odd ones 'blue'; `cold` more items of each have no events."""
    rng = np.random.default_rng(seed)
    events = [
        (f"u{user}", f"i{2 * int(rng.integers(items // 2)) + user % 2}", START + user * 10_000 + step * 60)
        for user in range(users)
        for step in range(length)
    ]
    numbers = range(items + 2 * cold)
    films = pa.table(
        {"ITEM_ID": [f"i{n}" for n in numbers], "GENRE": [("red", "blue")[n % 2] for n in numbers]}
    )
    field = {"name": "GENRE", "type": "string", "categorical": True}
    return TrainingData(data_of(events).interactions, items=films, schemas={"items": {"fields": [field]}})


def shuffled_events(users: int = 40, events: int = 20, items: int = 50, seed: int = 1) -> TrainingData:
    """Random items in no order of time; the item `new` is in the Items dataset only."""
    rng = np.random.default_rng(seed)
    rows = [(f"u{u}", f"i{rng.integers(items)}", u * 1000 + e) for u in range(users) for e in range(events)]
    catalogue = pa.table({"ITEM_ID": [f"i{n}" for n in range(items)] + ["new"]})
    return data_of([rows[n] for n in rng.permutation(len(rows))], items=catalogue)


def request(model: Model, items: Iterable[str], user: str | None = None, gap: int = 60) -> Request:
    """A user with that history, one event every `gap` seconds."""
    indices = model.items.index(list(items))
    return Request(user_id=user, history_items=indices, history_times=START + gap * np.arange(len(indices)))


def best(model: Model, request: Request, k: int) -> list[str]:
    return model.items.ids[top_k(model.score([request])[0], k)].tolist()
