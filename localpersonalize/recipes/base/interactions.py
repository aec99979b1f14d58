"""Interactions as arrays: what the recipes compute on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from localpersonalize.recipes.base.data import WEIGHT_COLUMN, TrainingData, TrainingError
from localpersonalize.recipes.base.vocabulary import Vocabulary


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
        users, user = Vocabulary.encoded(table["USER_ID"])
        if items is None:
            items, item = Vocabulary.encoded(table["ITEM_ID"])
            if data.items is not None:
                items = Vocabulary.of(items.array, data.items["ITEM_ID"])
        else:
            item = items.index(table["ITEM_ID"])
        time = table["TIMESTAMP"].cast(pa.int64()).to_numpy()
        weight = np.ones(len(item), np.float32)
        if WEIGHT_COLUMN in table.column_names:
            weight = table[WEIGHT_COLUMN].to_numpy()
        order = _by_user_and_time(user, time, len(users))
        order = order[item[order] >= 0]
        if len(order) == 0:
            raise TrainingError("There are no interactions to train on.")
        user = user[order]
        starts = np.append(0, np.cumsum(np.bincount(user, minlength=len(users))))
        return cls(users, items, user, item[order], time[order], weight[order], order, starts)

    def __len__(self) -> int:
        return len(self.item)

    @property
    def lengths(self) -> np.ndarray:
        """Events of each user, int64 [users]."""
        return np.diff(self.starts)

    def select(self, mask: np.ndarray) -> EventLog:
        """The events where `mask` (bool [events]) holds; users and items keep their indices."""
        if mask.all():
            return self
        user = self.user[mask]
        return EventLog(
            users=self.users,
            items=self.items,
            user=user,
            item=self.item[mask],
            time=self.time[mask],
            weight=self.weight[mask],
            row=self.row[mask],
            starts=np.append(0, np.cumsum(np.bincount(user, minlength=len(self.users)))),
        )

    def users_of_items(self) -> np.ndarray:
        """Distinct users of each item, int64 [items]."""
        newest = self.newest_per_pair(np.ones(len(self), bool))
        return np.bincount(self.item[newest], minlength=len(self.items))

    # Masks of events, bool [events]: a mask costs a fraction of a smaller log.

    def newest_per_pair(self, mask: np.ndarray) -> np.ndarray:
        """Of those that `mask` has of a user and an item only the newest."""
        events = np.flatnonzero(mask).astype(np.int32)
        starts = np.searchsorted(events, self.starts.astype(np.int32))
        shape = (len(self.users), len(self.items))
        # By item, and within an item still in the log's order: one user's events lie side by side.
        by_item = sp.csr_array((events, self.item[events], starts), shape=shape).tocsc()
        repeated = by_item.indices[1:] == by_item.indices[:-1]
        ends = by_item.indptr[1:-1] - 1
        repeated[ends[(ends >= 0) & (ends < len(repeated))]] = False
        newest = mask.copy()
        newest[by_item.data[:-1][repeated]] = False
        return newest

    def within_history_percentiles(self, low: float, high: float) -> np.ndarray:
        """Without the users whose histories are shorter or longer than those percentiles (0 to 1) of all."""
        lengths = self.lengths
        bounds = np.quantile(lengths[lengths > 0], [low, high])
        return np.repeat((lengths >= bounds[0]) & (lengths <= bounds[1]), lengths)

    def within_item_percentiles(self, mask: np.ndarray, low: float, high: float) -> np.ndarray:
        """Of those that `mask` has of items with very many events only the newest; of items with very few none.

        The percentiles (0 to 1) are of the events: `high` 0.9 means that 90% of the events are of items with
        at most so many. The service documents that items with long histories may be out of date; were they
        left out whole, what most users want could never be recommended, so their oldest events are.
        """
        counts = np.bincount(self.item[mask], minlength=len(self.items))
        bounds = np.quantile(counts, [low, high], weights=counts, method="inverted_cdf")
        selected: np.ndarray = mask & (counts >= bounds[0])[self.item]
        capped = np.flatnonzero(mask & (counts > bounds[1])[self.item])
        newest_first = capped[np.lexsort((-self.time[capped], self.item[capped]))]
        of_item = np.bincount(self.item[capped], minlength=len(self.items))
        rank = np.arange(len(capped)) - np.repeat(np.cumsum(of_item) - of_item, of_item)
        selected[newest_first[rank >= bounds[1]]] = False
        return selected


def _by_user_and_time(user: np.ndarray, time: np.ndarray, users: int) -> np.ndarray:
    """Rows (int64 [events]) ordered by user and by time within a user, equal times as they came.

    As scipy turns the one column of a sparse matrix into rows, it counts and keeps the order within each row; sorting
    by user would take as long as sorting by time.
    """
    by_time = np.argsort(time, kind="stable")
    column = sp.csc_array((by_time, user[by_time], np.array([0, len(user)])), shape=(users, 1))
    rows: np.ndarray = column.tocsr().data
    return rows
