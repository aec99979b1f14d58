"""Offline metrics of what is not a list of items for a user: segments of users, trends, rewards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from localpersonalize.recipes.base.data import TrainingData
from localpersonalize.recipes.base.interactions import EventLog
from localpersonalize.recipes.base.model import Model, Request
from localpersonalize.recipes.popularity.trending_now import increase

TOP_SHARE = 0.01  # of the users: the K of hit and recall
MOST_USERS = 2000  # ranked for the metrics of segments
TRENDS = 25


def segment_metrics(model: Model, known: TrainingData, later: TrainingData, seed: int) -> dict[str, float]:
    """`hit_at_k` and `recall_at_k` of the users predicted for each item of the test data.

    :param known: each user's oldest 80%, which the model was trained on.
    :param later: the rest.
    """
    log, truth = EventLog.of(known, model.items), EventLog.of(later, model.items)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(log.users))[:MOST_USERS])
    log_users = log.users.array.take(chosen.tolist()).to_pylist()
    requests = [
        Request(
            user_id=user,
            history_items=log.item[log.starts[place] : log.starts[place + 1]],
            history_times=log.time[log.starts[place] : log.starts[place + 1]],
        )
        for user, place in zip(log_users, chosen.tolist(), strict=True)
    ]
    logits = model.score(requests)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    place_of = {user: place for place, user in enumerate(log_users)}
    takers: dict[int, set[int]] = {}
    for user, item in zip(truth.users.array.take(truth.user.tolist()).to_pylist(), truth.item, strict=True):
        if user in place_of:
            takers.setdefault(int(item), set()).add(place_of[user])
    top = max(1, round(TOP_SHARE * len(requests)))
    hits, recalls = [], []
    for item, users in takers.items():
        best = set(np.argsort(-chances[:, item], kind="stable")[:top].tolist())
        hits.append(len(best & users))
        recalls.append(len(best & users) / len(users))
    return {
        "hit_at_k": float(np.mean(hits)) if hits else 0.0,
        "recall_at_k": float(np.mean(recalls)) if recalls else 0.0,
    }


def trend_prediction_accuracy(ranked: np.ndarray, log: EventLog, seconds: int) -> float:
    """Of the increase that the 25 fastest growing items really had in the newest interval, the share that the
    recommended items had.

    :param ranked: indices of the recommended items, best first, computed without the newest interval.
    """
    growth = np.maximum(increase(log.item, log.time, len(log.items), seconds), 0.0)
    best = np.sort(growth)[::-1][:TRENDS].sum()
    return float(growth[ranked[:TRENDS]].sum() / best) if best > 0 else 0.0


def average_rewards_at_k(
    ranked: Sequence[np.ndarray], truth: Sequence[np.ndarray], rewards: np.ndarray
) -> float:
    """Of the rewards of what users took among their recommendations, the share that comes from the 25 with the
    highest rewards; 0 to 1, the mean over the users who took any."""
    shares = []
    for items, true in zip(ranked, truth, strict=True):
        taken = items[np.isin(items, true)]
        total = rewards[taken].sum()
        if total > 0:
            dear = items[np.argsort(-rewards[items], kind="stable")][:TRENDS]
            shares.append(rewards[np.intersect1d(dear, taken)].sum() / total)
    return float(np.mean(shares)) if shares else 0.0
