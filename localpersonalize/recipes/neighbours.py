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
_SAME = np.int64(1) << 32  # two counts share one integer: same stretch above, windows of two stretches below


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
    stretches, windows = _stretches_and_windows(log)
    both = sp.vstack([stretches, windows]).tocsr()
    weighted = sp.vstack([stretches * _SAME, windows]).T.tocsr()
    popularity = np.bincount(log.item, minlength=size).astype(np.float32)
    discounted = (popularity + popularity[popularity > 0].mean()) ** np.float32(-discount)

    def block(start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        end = min(start + BLOCK, size)
        options.step(0.1 + 0.8 * start / size, f"similarities of items {start} to {end} of {size}")
        return _best(weighted[start:end] @ both, start, discounted, max(min_count, 1), count)

    with ThreadPoolExecutor(max(1, options.threads)) as pool:
        parts = list(pool.map(block, range(0, size, BLOCK)))
    return Neighbours(
        starts=np.concatenate([[0], np.cumsum(np.concatenate([part[0] for part in parts]))]),
        ids=np.concatenate([part[1] for part in parts]).astype(np.int32),
        similarities=np.concatenate([part[2] for part in parts]),
    )


def _stretches_and_windows(log: EventLog) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Items by stretch and by window, int64; a window is two consecutive stretches of a history."""
    position = np.arange(len(log)) - np.repeat(log.starts[:-1], log.lengths)
    stretches_of_user = log.lengths // STRETCH + 2  # one to spare: the last window's second half
    first = np.cumsum(stretches_of_user) - stretches_of_user
    stretch = np.repeat(first, log.lengths) + position // STRETCH
    shape = (int(stretches_of_user.sum()), len(log.items))
    windows = np.concatenate([stretch, stretch + 1])
    return _ones(stretch, log.item, shape), _ones(windows, np.concatenate([log.item, log.item]), shape)


def _ones(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((np.ones(len(row), np.int64), (row, column)), shape=shape)


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
        nearness = packed & (_SAME - 1)
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
