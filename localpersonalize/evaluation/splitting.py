"""Which events train and which test: the service's split of a dataset into input and truth.

A tenth of the users is held out of training. For each of them the oldest 90% of the events are the input and
the newest 10% the truth. Of user segments, every user's newest fifth is the test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base.data import TrainingData, context_columns
from localpersonalize.recipes.base.recipe import Recipe
from localpersonalize.recipes.base.vocabulary import Vocabulary

HELD_OUT_USERS = 0.1  # share of the users with at least two events
INPUT_EVENTS = 0.9  # share of a held-out user's events
SEGMENT_INPUT_EVENTS = 0.8  # share of every user's events, for user segments


@dataclass(frozen=True)
class HeldOutUser:
    """A user who is not trained on: the input of one request, and the items that the user really took next.

    `items`, `truth`: item ids, oldest first. `times`: epoch seconds of the items (int64). `now`, `context`: time and
    contextual metadata of the first true event. `user`: the user's metadata, None without any.
    """

    user_id: str
    items: list[str]
    times: np.ndarray
    truth: list[str]
    now: int
    context: dict[str, str]
    user: dict[str, Any] | None


@dataclass(frozen=True)
class Split:
    """`train`: the data without the held-out users; `catalogue`: how many distinct items all data has; `later`:
    the test data of user segments, each user's newest events.
    """

    train: TrainingData
    held_out: list[HeldOutUser]
    catalogue: int
    later: TrainingData | None = None


def split_for(recipe: Recipe, data: TrainingData, seed: int) -> Split:
    """The split of the recipe's type: for user segments every user's newest fifth is the test.

    :param seed: draws the held-out users.
    """
    if recipe.recipe_type != "USER_SEGMENTATION":
        return split(data, seed)
    older = _among_the_oldest(data.interactions)
    by_user = split(data, seed)
    return Split(
        train=replace(data, interactions=data.interactions.filter(pa.array(older))),
        held_out=by_user.held_out,
        catalogue=_catalogue(data),
        later=replace(data, interactions=data.interactions.filter(pa.array(~older))),
    )


def _catalogue(data: TrainingData) -> int:
    """Distinct items of the Interactions and Items datasets."""
    items = None if data.items is None else data.items["ITEM_ID"]
    return len(Vocabulary.of(data.interactions["ITEM_ID"], items))


def _among_the_oldest(table: pa.Table) -> np.ndarray:
    """bool [rows]: among the oldest 80% of the user's events."""
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    order = np.lexsort((table["TIMESTAMP"].cast(pa.int64()).to_numpy(), user))
    counts = np.bincount(user, minlength=len(users))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    oldest: np.ndarray = rank < np.maximum(1, np.ceil(SEGMENT_INPUT_EVENTS * counts))[user]
    return oldest


def split(data: TrainingData, seed: int = 0) -> Split:
    """Hold out a tenth of the users with at least two events, drawn with the seed."""
    table = data.interactions
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    candidates = np.flatnonzero(np.bincount(user, minlength=len(users)) >= 2)
    count = max(1, round(HELD_OUT_USERS * len(candidates)))
    drawn = np.random.default_rng(seed).choice(candidates, size=min(count, len(candidates)), replace=False)
    is_held_out = np.zeros(len(users), bool)
    is_held_out[drawn] = True
    held_out = is_held_out[user]
    return Split(
        train=replace(data, interactions=table.filter(pa.array(~held_out))),
        held_out=_held_out(table.filter(pa.array(held_out)), data),
        catalogue=_catalogue(data),
    )


def _held_out(table: pa.Table, data: TrainingData) -> list[HeldOutUser]:
    users = Vocabulary.of(table["USER_ID"])
    user = users.index(table["USER_ID"])
    times = table["TIMESTAMP"].cast(pa.int64()).to_numpy()
    order = np.lexsort((times, user))
    starts = np.searchsorted(user[order], np.arange(len(users) + 1))
    item = table["ITEM_ID"].to_pylist()
    metadata = _rows_of_users(data, users)
    context = [name for name in table.column_names if name in context_columns(data)]
    columns = {name: table[name] for name in context}
    result = []
    for index, user_id in enumerate(users.array.to_pylist()):
        rows = order[starts[index] : starts[index + 1]]
        cut = int(INPUT_EVENTS * len(rows))
        first_true = int(rows[cut])
        result.append(
            HeldOutUser(
                user_id=user_id,
                items=[item[row] for row in rows[:cut]],
                times=times[rows[:cut]],
                truth=[item[row] for row in rows[cut:]],
                now=int(times[first_true]),
                context={name: str(columns[name][first_true].as_py()) for name in context},
                user=metadata.get(user_id),
            )
        )
    return result


def _rows_of_users(data: TrainingData, users: Vocabulary) -> dict[str, dict[str, Any]]:
    """The metadata of these users, by user id."""
    if data.users is None:
        return {}
    known = users.index(data.users["USER_ID"]) >= 0
    return {row["USER_ID"]: row for row in data.users.filter(pa.array(known)).to_pylist()}
