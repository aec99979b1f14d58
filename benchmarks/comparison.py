"""How often the comparison on the same users decides rightly, and that it does not leak.

`python -m benchmarks.comparison` simulates shops of 1,000 asked users, one a seed. Two versions of a model rank the
items by the users' true tastes plus noise: the new version is as good as the live one (another draw of the same noise),
or its NDCG@25 is lower (more noise). The comparison and the gate are the application's own, with the settings that the
pipeline file has by default. Then a version that has learnt nothing but the last imported event of each user is judged
by days that were held back, and, for contrast, by events that it was trained on.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import numpy as np
import typer

from encore.comparison.compare import LIVE, NEW, compare
from encore.comparison.held_back import HeldBack, Interactions, hold_back
from encore.comparison.metrics import LENGTH, accuracy
from encore.config.comparison import SameUsersRule
from encore.config.policies import Gate
from encore.gates.promotion import SameUsers, Version, decide

ITEMS, TASTES = 400, 8
BASE_NOISE = 1.0
RULE = SameUsersRule()


@dataclass(frozen=True)
class Shop:
    """Users, their true tastes, and what they took before and after the cut; nobody takes an item twice."""

    held_back: HeldBack
    tastes: np.ndarray


def shop(seed: int, users: int) -> Shop:
    draw = np.random.default_rng(seed)
    liked = draw.normal(size=(users, TASTES)) @ draw.normal(size=(TASTES, ITEMS)) / np.sqrt(TASTES)
    tastes = 1.2 * liked + draw.normal(scale=0.8, size=ITEMS)  # some items are liked by all
    counts = np.maximum(draw.geometric(1 / 15, users), 2), draw.integers(1, 6, users)
    order = np.argsort(
        -(tastes + draw.gumbel(size=tastes.shape)), axis=1
    )  # drawn by softmax, without replacement
    before, after = [], []
    for user in range(users):
        first, last = counts[0][user], counts[0][user] + counts[1][user]
        before += [(user, item, time) for time, item in enumerate(order[user, :first])]
        after += [(user, item, time) for time, item in enumerate(order[user, first:last])]
    return Shop(hold_back(_columns(before), _columns(after), users), tastes)


def _columns(rows: list[tuple[int, int, int]]) -> Interactions:
    users, items, times = np.array(rows).T
    return Interactions(
        np.array([f"{user:05d}" for user in users]), np.array([f"{item:04d}" for item in items]), times
    )


def version(shop_: Shop, noise: float, draw: np.random.Generator) -> np.ndarray:
    """The lists of a model that knows the tastes but for noise, as numbers of the shop's items."""
    users = shop_.held_back.users.astype(int)
    items = shop_.held_back.items.astype(int)
    scores = shop_.tastes[users][:, items] + draw.normal(scale=noise, size=(len(users), len(items)))
    return np.argsort(-scores, axis=1)[:, :LENGTH]


def quality(noise: float, seeds: range, users: int) -> float:
    """The mean NDCG@25 of a model with so much noise."""
    values = []
    for seed in seeds:
        market = shop(seed, users)
        lists = version(market, noise, np.random.default_rng([seed, 1]))
        values.append(accuracy(lists, market.held_back.truth_of(None))["ndcg_at_25"].mean())
    return float(np.mean(values))


def noise_for(loss: float, users: int) -> float:
    """The noise at which a model is worse by this share, found on shops that are not judged."""
    calibration = range(10_000, 10_004)
    wanted = (1 - loss) * quality(BASE_NOISE, calibration, users)
    low, high = BASE_NOISE, 4 * BASE_NOISE
    for _ in range(8):
        middle = (low + high) / 2
        low, high = (middle, high) if quality(middle, calibration, users) > wanted else (low, middle)
    return (low + high) / 2


def verdict(shop_: Shop, new: np.ndarray, live: np.ndarray) -> tuple[str, float]:
    """What the gate does with a new version, and its NDCG@25 relative to the live one's."""
    compared = compare(shop_.held_back, new, live, metric=RULE.metric, confidence=RULE.confidence)
    decision = decide(
        "shop",
        Gate(),
        Version("new", {}),
        Version("live", {}),
        None,
        same_users=SameUsers(compared, judges_popularity=True),
    )
    means = compared.lines[0].means
    return decision.verdict, means[NEW] / means[LIVE] - 1


def decisions(seeds: int, users: int, loss: float) -> tuple[Counter[str], float]:
    """How often a version that is worse by this share meets each verdict, and how much worse it was on average."""
    noise = noise_for(loss, users) if loss else BASE_NOISE
    verdicts, changes = Counter[str](), []
    for seed in range(seeds):
        market, draw = shop(seed, users), np.random.default_rng([seed, 2])
        live = version(market, BASE_NOISE, draw)
        outcome, change = verdict(market, version(market, noise, draw), live)
        verdicts[outcome] += 1
        changes.append(change)
    return verdicts, float(np.mean(changes))


def memorised(seed: int, users: int) -> tuple[float, float]:
    """What knowing each user's last imported event changes in NDCG@25: by held-back days, and by imported events."""
    market = shop(seed, users)
    live = version(market, BASE_NOISE, np.random.default_rng([seed, 3]))
    last = market.held_back.last_items
    without = [row[row != item][: LENGTH - 1] for row, item in zip(live, last, strict=True)]
    new = np.column_stack([last, np.array(without)])
    truths = market.held_back.truth_of(None), [np.array([item]) for item in last]
    gains = [
        float((accuracy(new, truth)["ndcg_at_25"] - accuracy(live, truth)["ndcg_at_25"]).mean())
        for truth in truths
    ]
    return gains[0], gains[1]


def main(seeds: int = 100, users: int = 1000) -> None:
    """Print the figures of README.md."""
    typer.echo(f"{seeds} shops of {users} users; required: {RULE.require}, by {RULE.not_worse_by:.0%}\n")
    for loss in (0.0, 0.2, 0.1):
        start = time.perf_counter()
        verdicts, change = decisions(seeds, users, loss)
        counts = ", ".join(f"{name} {verdicts[name]}" for name in ("promote", "ask", "hold"))
        typer.echo(
            f"worse by {loss:4.0%} (seen {change:+.1%}): {counts}   {time.perf_counter() - start:.0f} s"
        )
    gains = np.array([memorised(seed, users) for seed in range(seeds)])
    typer.echo(
        f"\nlast event memorised: by held-back days {gains[:, 0].min():+.4f} to {gains[:, 0].max():+.4f}, a gain in"
        f" {(gains[:, 0] > 0).sum()} of {seeds} seeds; by imported events {gains[:, 1].min():+.4f} to"
        f" {gains[:, 1].max():+.4f}, a gain in {(gains[:, 1] > 0).sum()}"
    )


if __name__ == "__main__":
    typer.run(main)
