"""Interactions as arrays: what the recipes compute on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from localpersonalize.recipes.base import WEIGHT, TrainingData, TrainingError
from localpersonalize.recipes.vocabulary import Vocabulary


@dataclass(frozen=True)
class EventLog:
    """Events ordered by user, and by time within a user (the order of import decides between equal times).

    `user`, `item`: int32 [events], indices in `users` and `items`; `time`: int64 [events], epoch seconds;
    `weight`: float32 [events]; `row`: int64 [events], the row of the interactions table an event came from;
    `starts`: int64 [users + 1], user u's events are `starts[u]:starts[u + 1]`.
    """

    users: Vocabulary
    items: Vocabulary
    user: np.ndarray
    item: np.ndarray
    time: np.ndarray
    weight: np.ndarray
    row: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, data: TrainingData, items: Vocabulary | None = None) -> EventLog:
        """Read the interactions; items are those with events first, then the rest of the Items dataset.

        :param items: indices to use instead; events of other items are left out.
        :raises TrainingError: if there is no event.
        """
        table = data.interactions
        users = Vocabulary.of(table["USER_ID"])
        user = users.index(table["USER_ID"])
        if items is None:
            items = Vocabulary.of(table["ITEM_ID"], None if data.items is None else data.items["ITEM_ID"])
        item = items.index(table["ITEM_ID"])
        time = table["TIMESTAMP"].cast(pa.int64()).to_numpy()
        weight = table[WEIGHT].to_numpy() if WEIGHT in table.column_names else np.ones(len(item), np.float32)
        order = np.lexsort((time, user))
        order = order[item[order] >= 0]
        if len(order) == 0:
            raise TrainingError("There are no interactions to train on.")
        starts = np.searchsorted(user[order], np.arange(len(users) + 1)).astype(np.int64)
        return cls(users, items, user[order], item[order], time[order], weight[order], order, starts)

    def __len__(self) -> int:
        return len(self.item)

    @property
    def lengths(self) -> np.ndarray:
        """Events of each user, int64 [users]."""
        return np.diff(self.starts)

    def select(self, keep: np.ndarray) -> EventLog:
        """The events where `keep` (bool [events]) holds; users and items keep their indices."""
        user = self.user[keep]
        return EventLog(
            users=self.users,
            items=self.items,
            user=user,
            item=self.item[keep],
            time=self.time[keep],
            weight=self.weight[keep],
            row=self.row[keep],
            starts=np.searchsorted(user, np.arange(len(self.users) + 1)).astype(np.int64),
        )

    def users_of_items(self) -> np.ndarray:
        """Distinct users of each item, int64 [items]."""
        pairs = np.unique(self.user.astype(np.int64) * len(self.items) + self.item)
        return np.bincount(pairs % len(self.items), minlength=len(self.items))

    def within_history_percentiles(self, low: float, high: float) -> EventLog:
        """Without the users whose histories are shorter or longer than those percentiles (0 to 1) of all."""
        lengths = self.lengths
        bounds = np.quantile(lengths[lengths > 0], [low, high])
        kept = (lengths >= bounds[0]) & (lengths <= bounds[1])
        return self if kept.all() else self.select(kept[self.user])
