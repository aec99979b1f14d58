"""The most similar items of every item, from who interacted with both; sparse, a block of items at a time.

Item-to-item collaborative filtering (Linden, Smith and York, "Amazon.com recommendations", 2003), where two
items of one history count when they are near each other in it, and the more the nearer: what is far apart in
a long history shares an audience rather than a purpose, and is most of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from localpersonalize.recipes.base import TrainingOptions
from localpersonalize.recipes.events import EventLog

BLOCK = 256  # items whose co-interactions are in memory at once, a thread
STRETCH = 10  # events; two events are near in the same stretch of a history (counts 2) or in the next (1)
_ADJACENT = np.int64(1)
_SAME = (np.int64(1) << 32) + 2  # two counts share one integer: users in one stretch above, nearness below
_NEARNESS = (np.int64(1) << 32) - 1


@dataclass(frozen=True)
class Neighbours:
    """`starts`: int64 [items + 1]; item i's neighbours are `ids[starts[i]:starts[i + 1]]` (int32), best
    first, with `similarities` (float32, positive)."""

    starts: np.ndarray
    ids: np.ndarray
    similarities: np.ndarray

    def of(self, item: int) -> tuple[np.ndarray, np.ndarray]:
        span = slice(self.starts[item], self.starts[item + 1])
        return self.ids[span], self.similarities[span]

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            "neighbour_starts": self.starts,
            "neighbour_ids": self.ids,
            "neighbour_similarities": self.similarities,
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Neighbours:
        return cls(arrays["neighbour_starts"], arrays["neighbour_ids"], arrays["neighbour_similarities"])


def co_interactions(
    log: EventLog, discount: float, min_count: int, count: int, options: TrainingOptions
) -> Neighbours:
    """For each item the `count` items that go best with it.

    similarity = nearness / (users of the other item + mean users of an item) ** discount

    Nearness is the sum over users: 2 for items in one stretch of the history, 1 for items in adjacent ones.
    The mean keeps items with hardly any users from winning by accident. Pairs that fewer than `min_count`
    users have near each other are not similar at all.
    """
    log = log.newest_of_each_pair()
    size = len(log.items)
    stretches, near = _stretches(log)
    by_item = stretches.T.tocsr()
    popularity = np.bincount(log.item, minlength=size).astype(np.float32)
    discounted = (popularity + popularity[popularity > 0].mean()) ** np.float32(-discount)

    def block(start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        end = min(start + BLOCK, size)
        options.step(0.1 + 0.8 * start / size, f"similarities of items {start} to {end} of {size}")
        return _best(by_item[start:end] @ near, start, discounted, max(min_count, 1), count)

    with ThreadPoolExecutor(max(1, options.threads)) as pool:
        parts = list(pool.map(block, range(0, size, BLOCK)))
    return Neighbours(
        starts=np.concatenate([[0], np.cumsum(np.concatenate([part[0] for part in parts]))]),
        ids=np.concatenate([part[1] for part in parts]).astype(np.int32),
        similarities=np.concatenate([part[2] for part in parts]),
    )


def _stretches(log: EventLog) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Which items each stretch of a history holds, and which are near it: those of the stretches before and
    after too, marked as such. Both int64 [stretches, items]; events are in order, so rows are slices."""
    position = np.arange(len(log)) - np.repeat(log.starts[:-1], log.lengths)
    begins = np.flatnonzero(position % STRETCH == 0)
    ends = np.append(begins[1:], len(log))
    user = log.user[begins]
    first = np.ones(len(begins), bool)
    first[1:] = user[1:] != user[:-1]
    last = np.append(first[1:], True)
    near_begins = np.where(first, begins, np.append(0, begins[:-1]))
    near_ends = np.where(last, ends, np.append(ends[1:], len(log)))
    counts = near_ends - near_begins
    starts = np.append(0, np.cumsum(counts))
    source = np.arange(starts[-1]) + np.repeat(near_begins - starts[:-1], counts)
    same = (source >= np.repeat(begins, counts)) & (source < np.repeat(ends, counts))
    shape = (len(begins), len(log.items))
    stretches = (np.ones(len(log), np.int64), log.item, np.append(begins, len(log)))
    near = (np.where(same, _SAME, _ADJACENT), log.item[source], starts)
    return sp.csr_matrix(stretches, shape=shape), sp.csr_matrix(near, shape=shape)


def _best(
    shared: sp.csr_matrix, first: int, discounted: np.ndarray, min_count: int, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths (int64 [block]), ids and similarities (float32) of the best of each row of a block.

    :param shared: packed counts, int64 [block, items]; row r is item `first + r`.
    """
    lengths = np.zeros(shared.shape[0], np.int64)
    ids, similarities = [], []
    for row in range(shared.shape[0]):
        span = slice(shared.indptr[row], shared.indptr[row + 1])
        packed = shared.data[span]
        nearness = packed & _NEARNESS
        keep = np.flatnonzero(nearness - (packed >> 32) >= min_count)  # less those counted twice: users
        columns = shared.indices[span][keep]
        similarity = nearness[keep].astype(np.float32) * discounted[columns]
        similarity[columns == first + row] = 0.0
        if len(similarity) > count:
            best = np.argpartition(similarity, len(similarity) - count)[-count:]
            columns, similarity = columns[best], similarity[best]
        order = np.lexsort((columns, -similarity))
        order = order[similarity[order] > 0]
        lengths[row] = len(order)
        ids.append(columns[order])
        similarities.append(similarity[order])
    return lengths, np.concatenate(ids), np.concatenate(similarities)
