"""Who is asked, and what is known of them before and after the cut."""

from __future__ import annotations

import numpy as np

from encore.comparison.held_back import HeldBack, hold_back
from tests.support.comparisons import columns, shop

BEFORE = columns(
    [("ann", "tea", 1), ("ann", "cup", 5), ("ben", "tea", 2), ("ben", "cup", 3), ("cy", "pot", 4)]
)
AFTER = columns(
    [("ann", "pot", 9), ("ann", "pot", 8), ("ben", "jam", 7), ("dan", "tea", 6)],
    ["buy", "view", "view", "buy"],
)


def test_only_users_with_something_after_the_cut_are_asked_and_their_last_item_is_from_before_it():
    held_back = hold_back(BEFORE, AFTER, 10)
    assert held_back.users.tolist() == ["ann", "ben", "dan"]
    assert held_back.counts.tolist() == [2, 2, 0]
    last = ["-" if number < 0 else str(held_back.items[number]) for number in held_back.last_items]
    assert last == ["cup", "cup", "-"]
    names = [[str(held_back.items[number]) for number in items] for items in held_back.truth_of(None)]
    assert names == [["pot"], ["jam"], ["tea"]]


def test_events_of_one_type_may_be_what_counts():
    held_back = hold_back(BEFORE, AFTER, 10)
    assert [len(items) for items in held_back.truth_of("buy")] == [1, 0, 1]


def test_popular_items_and_neighbours_are_of_before_the_cut_alone():
    held_back = hold_back(BEFORE, AFTER, 10)
    assert [str(held_back.items[number]) for number in held_back.popular] == ["cup", "tea", "pot"]
    (of_ann, *_) = held_back.neighbours
    assert [str(held_back.items[number]) for number in of_ann if number >= 0] == ["tea"]


def test_the_same_users_are_sampled_again_and_no_more_than_wanted():
    users = [(f"u{number}", "tea", 9) for number in range(300)]
    first = hold_back(BEFORE, columns(users), 50).users
    second = hold_back(BEFORE, columns(list(reversed(users))), 50).users
    assert first.tolist() == second.tolist()
    assert len(first) == 50
    assert first.tolist() != sorted(user for user, _, _ in users)[:50]


def test_it_survives_being_written():
    attributes = {"u0001": "gold"}
    held_back, _ = shop(users=60, attributes=attributes)
    read = HeldBack.from_bytes(held_back.to_bytes())
    for name in ("users", "items", "last_items", "counts", "popular", "neighbours", "attributes"):
        assert np.array_equal(getattr(read, name), getattr(held_back, name)), name
    assert (read.item_users != held_back.item_users).nnz == 0
    assert [items.tolist() for items in read.truth_of(None)] == [
        items.tolist() for items in held_back.truth_of(None)
    ]
