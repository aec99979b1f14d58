"""What a comparison asks and knows: the sampled users, what they took after the cut, and what everybody took before.

Interactions up to the cut are what the service has; those after it were not imported, so no version can have seen them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from encore.comparison.metrics import LENGTH

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NEIGHBOUR_ROWS = 256  # last items whose neighbours are computed at a time


@dataclass(frozen=True)
class Interactions:
    """Columns of interactions, (n,) each. Ids and event types are text."""

    users: np.ndarray
    items: np.ndarray
    times: np.ndarray
    event_types: np.ndarray | None = None


@dataclass(frozen=True)
class HeldBack:
    """
    :param users: ids of the sampled users, (n,)
    :param items: ids of all items, (m,); lists and truth hold their numbers
    :param item_users: (m, all users) 1 where the user took the item before the cut
    :param truth: (numbers of items, event types) of each sampled user after the cut
    :param last_items: number of each one's last item before the cut, -1 for new users; (n,)
    :param counts: how many interactions each one has before the cut, (n,)
    :param attributes: of each one, "" where unknown; None if the file names no attribute
    :param popular: the items that most users took before the cut, best first
    :param neighbours: the items nearest to each one's last item, -1 where there are none; (n, 25)
    """

    users: np.ndarray
    items: np.ndarray
    item_users: csr_array
    truth: Sequence[tuple[np.ndarray, np.ndarray]]
    last_items: np.ndarray
    counts: np.ndarray
    attributes: np.ndarray | None
    popular: np.ndarray
    neighbours: np.ndarray

    def truth_of(self, event_type: str | None) -> list[np.ndarray]:
        """The distinct items that each user took after the cut, by events of a type if one is given."""
        return [
            np.unique(items if event_type is None else items[types == event_type])
            for items, types in self.truth
        ]

    def to_bytes(self) -> bytes:
        """As a NumPy archive without pickles."""
        out = io.BytesIO()
        lengths = [len(items) for items, _ in self.truth]
        arrays: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("users", "items", "last_items", "counts", "popular", "neighbours")
        }
        if self.attributes is not None:
            arrays["attributes"] = self.attributes
        np.savez_compressed(
            out,
            **arrays,
            offsets=np.cumsum([0, *lengths]),
            truth=np.concatenate([np.empty(0, int), *(items for items, _ in self.truth)]),
            truth_types=np.concatenate([np.empty(0, "<U1"), *(types for _, types in self.truth)]),
            indptr=self.item_users.indptr,
            indices=self.item_users.indices,
            shape=np.array(self.item_users.shape),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> HeldBack:
        from scipy.sparse import csr_array

        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = dict(file)
        offsets, indices = arrays.pop("offsets"), arrays.pop("indices")
        truth, types = arrays.pop("truth"), arrays.pop("truth_types")
        item_users = csr_array(
            (np.ones(len(indices)), indices, arrays.pop("indptr")), shape=tuple(arrays.pop("shape"))
        )
        spans = [slice(start, end) for start, end in pairwise(offsets)]
        attributes = arrays.pop("attributes", None)
        return cls(
            item_users=item_users,
            truth=[(truth[span], types[span]) for span in spans],
            attributes=attributes,
            **arrays,
        )


def hold_back(
    before: Interactions, after: Interactions, users: int, attributes: Mapping[str, str] | None = None
) -> HeldBack:
    """Choose users who took something after the cut, and gather what is known of them.

    The choice is by a hash of the id: the same data gives the same users, and a user's habits do not matter.

    :param users: how many at most
    :param attributes: the value of each user, by id
    """
    candidates = np.unique(after.users)
    sampled = np.sort(np.array(sorted(candidates, key=_hash)[:users], dtype=candidates.dtype))
    items = np.unique(np.concatenate([before.items, after.items]))
    item_users = _item_users(before, items)
    truth = _truth(after, sampled, items)
    counts, last = _histories(before, sampled, items)
    users_of = np.asarray(item_users.sum(axis=1)).ravel()
    popular = np.lexsort((items, -users_of))
    return HeldBack(
        users=sampled,
        items=items,
        item_users=item_users,
        truth=truth,
        last_items=last,
        counts=counts,
        attributes=None if attributes is None else np.array([attributes.get(user, "") for user in sampled]),
        popular=popular[users_of[popular] > 0],
        neighbours=_neighbours(item_users, last),
    )


def _hash(user: str) -> bytes:
    return hashlib.blake2b(str(user).encode(), digest_size=8).digest()


def _item_users(before: Interactions, items: np.ndarray) -> csr_array:
    from scipy.sparse import csr_array

    all_users, columns = np.unique(before.users, return_inverse=True)
    rows = np.searchsorted(items, before.items)
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(items), len(all_users)))
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix


def _truth(
    after: Interactions, sampled: np.ndarray, items: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    types = after.event_types if after.event_types is not None else np.full(len(after.users), "", "<U1")
    wanted = np.flatnonzero(np.isin(after.users, sampled))
    order = wanted[np.argsort(after.users[wanted], kind="stable")]
    numbers = np.searchsorted(items, after.items[order])
    ends = np.searchsorted(after.users[order], sampled, side="right")
    starts = np.searchsorted(after.users[order], sampled, side="left")
    return [(numbers[start:end], types[order][start:end]) for start, end in zip(starts, ends, strict=True)]


def _histories(before: Interactions, sampled: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many interactions each sampled user has, and the newest one's item."""
    known = np.flatnonzero(np.isin(before.users, sampled))
    order = known[np.lexsort((before.times[known], before.users[known]))]
    starts = np.searchsorted(before.users[order], sampled, side="left")
    ends = np.searchsorted(before.users[order], sampled, side="right")
    last = np.full(len(sampled), -1)
    has = ends > starts
    last[has] = np.searchsorted(items, before.items[order[ends[has] - 1]])
    return ends - starts, last


def _neighbours(item_users: csr_array, last: np.ndarray) -> np.ndarray:
    """The items whose users are most alike those of each last item, by cosine; itself left out."""
    norms = np.sqrt(np.asarray(item_users.sum(axis=1)).ravel())
    nearest = np.full((len(last), LENGTH), -1)
    wanted = np.unique(last[last >= 0])
    columns = item_users.T.tocsr()
    for start in range(0, len(wanted), NEIGHBOUR_ROWS):
        part = wanted[start : start + NEIGHBOUR_ROWS]
        together = (item_users[part] @ columns).toarray()
        scores = np.divide(together, norms, out=np.zeros_like(together), where=norms > 0)
        scores[np.arange(len(part)), part] = 0
        best = np.argsort(-scores, axis=1, kind="stable")[:, :LENGTH]
        filled = np.where(np.take_along_axis(scores, best, axis=1) > 0, best, -1)
        for number, item in enumerate(part):
            nearest[last == item, : filled.shape[1]] = filled[number]
    return nearest
