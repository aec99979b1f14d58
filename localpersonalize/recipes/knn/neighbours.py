"""The most similar items of every item, from who interacted with both; sparse, a block of items at a time.

Item-to-item collaborative filtering (Linden, Smith and York, "Amazon.com recommendations", 2003), where two
items of one history count when they are near each other in it, and the more the nearer: what is far apart in
a long history shares an audience rather than a purpose, and is most of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.options import TrainingOptions

BLOCK_ITEMS = 256  # items whose co-interactions are in memory at once, a thread
WINDOW_EVENTS = (
    10  # events; two events are near in the same stretch of a history (counts 2) or in the next (1)
)


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
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> Neighbours:
        return cls(arrays["neighbour_starts"], arrays["neighbour_ids"], arrays["neighbour_similarities"])


def co_interactions(
    log: EventLog, mask: np.ndarray, discount: float, min_count: int, count: int, options: TrainingOptions
) -> Neighbours:
    """For each item the `count` items that go best with it, by the events where `mask` (bool [events]) holds.

    similarity = nearness / (users of the other item + mean users of an item) ** discount

    Nearness is the sum over users: 2 for items in one stretch of the history, 1 for items in adjacent ones.
    The mean keeps items with hardly any users from winning by accident. Pairs that fewer than `min_count`
    users have near each other are not similar at all.
    """
    min_count = max(min_count, 1)
    mask = log.newest_per_pair(mask)
    item, size = log.item[mask], len(log.items)
    lengths = np.bincount(log.user[mask], minlength=len(log.users))
    popularity = np.bincount(item, minlength=size)
    packing = Packing.of(int(popularity.max()))
    windows, neighbourhood = _windows(item, lengths, size, packing)
    by_item = windows.T.tocsr()
    discounted = (popularity + popularity[popularity > 0].mean()).astype(np.float32) ** np.float32(-discount)

    def block(start: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        end = min(start + BLOCK_ITEMS, size)
        options.step(0.1 + 0.8 * start / size, f"similarities of items {start} to {end} of {size}")
        shared = by_item[start:end] @ neighbourhood
        # Few pairs are near often enough, and none has more users than nearness.
        often = np.flatnonzero(packing.nearness(shared.data) >= min_count)
        often = often[packing.users(shared.data[often]) >= min_count]
        begins, columns = np.searchsorted(often, shared.indptr), shared.indices[often]
        similarities = packing.nearness(shared.data[often]).astype(np.float32) * discounted[columns]
        similarities[columns == np.repeat(np.arange(start, end), np.diff(begins))] = 0.0  # with itself
        return _best(begins, columns, similarities, count)

    with ThreadPoolExecutor(max(1, options.threads)) as pool:
        parts = list(pool.map(block, range(0, size, BLOCK_ITEMS)))
    return Neighbours(
        starts=np.concatenate([[0], np.cumsum(np.concatenate([part[0] for part in parts]))]),
        ids=np.concatenate([part[1] for part in parts]).astype(np.int32),
        similarities=np.concatenate([part[2] for part in parts]),
    )


@dataclass(frozen=True)
class Packing:
    """Two counts of a pair in one integer: users with both in one stretch above `bits`, nearness below."""

    bits: int
    dtype: type[np.signedinteger[Any]]

    @classmethod
    def of(cls, most_users: int) -> Packing:
        """The smaller integer if no pair can outgrow it: nearness is at most twice the users of either item."""
        return cls(16, np.int32) if most_users < 1 << 15 else cls(32, np.int64)

    def weights(self) -> np.ndarray:
        """What an item counts in the stretch before, in the same one, in the next one."""
        return np.array([1, (1 << self.bits) + 2, 1], self.dtype)

    def nearness(self, packed: np.ndarray) -> np.ndarray:
        """Of each pair, int [pairs]."""
        nearness: np.ndarray = packed & self.dtype((1 << self.bits) - 1)
        return nearness

    def users(self, packed: np.ndarray) -> np.ndarray:
        """Of each pair, int [pairs]: who has both near each other."""
        users: np.ndarray = self.nearness(packed) - (
            packed >> self.dtype(self.bits)
        )  # less those counted twice
        return users


def _windows(
    item: np.ndarray, lengths: np.ndarray, items: int, packing: Packing
) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Which items each stretch of a history holds, and which are near it: those of the stretches before and
    after too, weighed as such. Both [stretches, items]; events are in order, so rows are slices.

    :param item: int32 [events], the users' histories one after the other.
    :param lengths: int64 [users].
    """
    of_user = -(-lengths // WINDOW_EVENTS)
    window = np.arange(of_user.sum()) - np.repeat(np.cumsum(of_user) - of_user, of_user)
    begins = np.repeat(np.cumsum(lengths) - lengths, of_user) + WINDOW_EVENTS * window
    size_ = np.diff(np.append(begins, len(item)))
    before = np.where(window == 0, 0, np.append(0, size_[:-1]))
    after = np.where(np.append(window[1:], 0) == 0, 0, np.append(size_[1:], 0))
    sizes = np.stack([before, size_, after], axis=1)
    starts = np.append(0, np.cumsum(sizes.sum(axis=1)))
    shift = (begins - before - starts[:-1]).astype(np.int32)
    source = np.repeat(shift, np.diff(starts))
    source += np.arange(starts[-1], dtype=np.int32)
    weights = np.repeat(np.tile(packing.weights(), len(begins)), sizes.ravel())
    shape = (len(begins), items)
    ones = np.ones(len(item), packing.dtype)
    return (
        sp.csr_matrix((ones, item, np.append(begins, len(item))), shape=shape),
        sp.csr_matrix((weights, item[source], starts), shape=shape),
    )


def _best(
    starts: np.ndarray, columns: np.ndarray, similarities: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lengths (int64 [rows]), ids and similarities (float32) of the `count` best of each row, best first.

    :param starts: int [rows + 1], where each row's pairs lie in `columns` and `similarities`; 0 is no pair.
    """
    parts = []
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if end - begin > count:
            parts.append(begin + np.argpartition(similarities[begin:end], end - begin - count)[-count:])
        else:
            parts.append(np.arange(begin, end))
    best = np.concatenate(parts)
    row = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.lexsort((columns[best], -similarities[best], row))
    order = order[similarities[best[order]] > 0]
    lengths, best = np.bincount(row[order], minlength=len(parts)), best[order]
    return lengths, columns[best], similarities[best]
