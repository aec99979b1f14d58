"""A small shop for comparisons: users with tastes, what they took before a cut, and after it."""

from __future__ import annotations

import numpy as np

from encore.comparison.held_back import HeldBack, Interactions, hold_back

ITEMS = 60


def columns(rows, event_types=None) -> Interactions:
    users, items, times = zip(*rows, strict=True)
    return Interactions(
        np.array([str(user) for user in users]),
        np.array([str(item) for item in items]),
        np.array(times),
        None if event_types is None else np.array(event_types),
    )


def shop(seed: int = 1, users: int = 120, attributes=None) -> tuple[HeldBack, np.ndarray]:
    """What a comparison knows, and each sampled user's true scores of all items. Nobody takes an item twice."""
    draw = np.random.default_rng(seed)
    tastes = draw.normal(size=(users, 4)) @ draw.normal(size=(4, ITEMS)) + draw.normal(size=ITEMS)
    order = np.argsort(-(tastes + draw.gumbel(size=tastes.shape)), axis=1)
    counts = draw.integers(3, 20, users)
    before = [
        (f"u{user:04}", f"i{item:03}", time)
        for user in range(10, users)  # the first ten are new
        for time, item in enumerate(order[user, : counts[user]])
    ]
    after = [
        (f"u{user:04}", f"i{item:03}", 100 + time)
        for user in range(users)
        for time, item in enumerate(order[user, counts[user] : counts[user] + 3])
    ]
    held_back = hold_back(columns(before), columns(after), users, attributes)
    rows = [int(user[1:]) for user in held_back.users]
    numbers = [int(item[1:]) for item in held_back.items]
    return held_back, tastes[rows][:, numbers]


def lists(scores: np.ndarray, noise: float = 0.0, seed: int = 1) -> np.ndarray:
    """The answers of a version that knows the scores but for noise."""
    return np.argsort(-(scores + np.random.default_rng(seed).normal(scale=noise, size=scores.shape)), axis=1)[
        :, :25
    ]
