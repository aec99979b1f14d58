"""Metrics of recommendation lists, user by user.

A list is a row of an (n, k) array of item numbers, best first, -1 where a list is shorter. Of what is not accuracy:
coverage is Ge, Delgado-Battenfeld and Jannach, "Beyond accuracy" (RecSys 2010); novelty is the mean self-information of
Zhou et al., "Solving the apparent diversity-accuracy dilemma" (PNAS 2010); diversity is the intra-list distance of
Smyth and McClave, "Similarity vs. diversity" (ICCBR 2001), with the cosine over the items' users; popularity is the
average recommendation popularity of Abdollahpouri, Burke and Mobasher, "Managing popularity bias" (FLAIRS 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Lists = np.ndarray
LENGTH = 25
ROWS_AT_A_TIME = 128
ACCURACY = ("ndcg_at_25", "mrr_at_25", "precision_at_25", "recall_at_25")


def accuracy(lists: Lists, truth: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Each metric of each user, (n,) floats between 0 and 1.

    :param truth: the distinct items that each user has taken, at least one
    """
    hits = np.array([np.isin(row, items) & (row >= 0) for row, items in zip(lists, truth, strict=True)])
    hits = hits.reshape(len(lists), -1)
    relevant = np.array([len(items) for items in truth])
    ranks = np.arange(hits.shape[1])
    discounts = 1 / np.log2(ranks + 2)
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(relevant, hits.shape[1])]
    first = np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0)
    return {
        "ndcg_at_25": hits @ discounts / ideal,
        "mrr_at_25": first,
        "precision_at_25": hits.sum(axis=1) / LENGTH,
        "recall_at_25": hits.sum(axis=1) / relevant,
    }


def novelty(lists: Lists, users_of: np.ndarray, users: int) -> np.ndarray:
    """Mean self-information of each list in bits, -log2 of the share of users who have the item; (n,).

    :param users_of: how many users have each item
    """
    bits = -np.log2(
        (users_of + 1) / (users + 1)
    )  # one more of each: an item that nobody has is not infinitely new
    return _mean_of(bits, lists)


def popularity(lists: Lists, users_of: np.ndarray, users: int) -> np.ndarray:
    """Mean share of users who have a list's items; (n,). The higher, the more the popular is recommended."""
    return _mean_of(users_of / max(users, 1), lists)


def diversity(lists: Lists, item_users: csr_array) -> np.ndarray:
    """Mean distance of two items of each list, 1 - cosine of their users; (n,), nan for lists of one item.

    :param item_users: (items, users), 1 where the user has the item
    """
    from scipy.sparse import csr_array, diags_array

    norms = np.sqrt(np.asarray(item_users.sum(axis=1)).ravel())
    vectors = diags_array(np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)) @ item_users
    filled = lists >= 0
    lengths = filled.sum(axis=1)
    cosines = np.empty(len(lists))
    for start in range(0, len(lists), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        indptr = np.concatenate([[0], np.cumsum(lengths[part])])
        shape = (len(lengths[part]), len(norms))
        members = csr_array((np.ones(indptr[-1]), lists[part][filled[part]], indptr), shape=shape)
        # The square of a sum of unit vectors is one for each of them, and twice the cosine of each pair.
        sums = members @ vectors
        cosines[part] = np.asarray((sums * sums).sum(axis=1)).ravel() - members @ (norms > 0)
    pairs = lengths * (lengths - 1)
    means: np.ndarray = np.divide(cosines, pairs, out=np.full(len(lists), np.nan), where=pairs > 0)
    return 1 - means


def overlap(lists: Lists, others: Lists) -> np.ndarray:
    """Share of each list's items that are in the other list of the same user; (n,)."""
    return np.array(
        [
            np.isin(row[row >= 0], other).mean() if (row >= 0).any() else np.nan
            for row, other in zip(lists, others, strict=True)
        ]
    )


def coverage(lists: Lists, items: int) -> float:
    """Share of the items that are in any list at all."""
    return len(np.unique(lists[lists >= 0])) / max(items, 1)


def _mean_of(values: np.ndarray, lists: Lists) -> np.ndarray:
    filled = lists >= 0
    sums = np.where(filled, values[lists], 0.0).sum(axis=1)
    means: np.ndarray = np.divide(
        sums, filled.sum(axis=1), out=np.full(len(lists), np.nan), where=filled.any(axis=1)
    )
    return means
