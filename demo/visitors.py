"""Visitors of the generated shop: they see recommendations, react by their hidden tastes, and the service hears of it.

So the loop closes: what a recipe recommends decides what is sold, events carry the `recommendationId` of the answer
that led to them, and the next retraining learns of them. A list is read from its top, with the same chance to read on
at each place (Craswell et al., "An experimental comparison of click position-bias models", WSDM 2008).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from demo.shop import Tastes
from encore.experiments.split import CHALLENGER, arm

READS_ON = 0.85
LEAST, MOST = 0.02, 0.60  # chances to view what is read, of no taste for it and of nothing but
BUYS = 0.3  # of what is viewed
LENGTH = 10
THREADS = 8


@dataclass(frozen=True)
class Reaction:
    """What a visitor does with a list: items in the order in which they are viewed, and which of them are bought."""

    viewed: Sequence[str]
    bought: Sequence[str]


@dataclass(frozen=True)
class Visit:
    """A visit, its campaign, the list that was shown, and what came of it."""

    user: str
    campaign: str
    recommendation_id: str
    items: Sequence[str]
    reaction: Reaction


def react(tastes: Tastes, user: str, items: Sequence[str], rng: np.random.Generator) -> Reaction:
    """What a customer does who sees these items."""
    viewed, bought = [], []
    for item in items:
        if rng.random() < LEAST + (MOST - LEAST) * tastes.liking(int(user), int(item)):
            viewed.append(item)
            if rng.random() < BUYS:
                bought.append(item)
        if rng.random() >= READS_ON:
            break
    return Reaction(viewed, bought)


def visitors(tastes: Tastes, number: int, seed: int) -> list[str]:
    """Who comes, each at most once; the same for the same seed."""
    customers = len(tastes.by_category)
    selected = np.random.default_rng(seed).permutation(customers)[: min(number, customers)]
    return [str(customer + 1) for customer in selected]


def visit_all(
    tastes: Tastes,
    users: Sequence[str],
    campaigns: tuple[str, str],
    runtime: Any,
    seed: int,
    experiment: str = "demo",
    share: float = 0.5,
    after: Callable[[Visit], None] = lambda visit: None,
) -> list[Visit]:
    """Let them visit, eight at a time; each has a generator of its own, so their order changes nothing.

    :param campaigns: ARNs of the champion's campaign and of the challenger's
    :param experiment: by whose name users are divided; a `share` of them sees the challenger
    :param after: called with each visit, e.g. to put its events
    """

    def visit(user: str) -> Visit:
        champion, challenger = campaigns
        campaign = challenger if arm(experiment, user, share) == CHALLENGER else champion
        answer = runtime.get_recommendations(campaignArn=campaign, userId=user, numResults=LENGTH)
        items = [entry["itemId"] for entry in answer["itemList"]]
        reaction = react(tastes, user, items, np.random.default_rng([seed, int(user)]))
        done = Visit(user, campaign, answer["recommendationId"], items, reaction)
        after(done)
        return done

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(visit, users))


def put_events(events: Any, tracking_id: str, prices: Mapping[str, float]) -> Callable[[Visit], None]:
    """What puts the events of a visit, as docs/events.md shows it: each names the answer that it came from."""

    def put(visit: Visit) -> None:
        now = time.time()
        reaction = visit.reaction
        kinds: list[tuple[str, str, dict[str, float]]] = [("view", item, {}) for item in reaction.viewed]
        kinds += [("purchase", item, {"eventValue": prices[item]}) for item in reaction.bought]
        for start in range(0, len(kinds), 10):  # as many as one request takes
            events.put_events(
                trackingId=tracking_id,
                userId=visit.user,
                sessionId=f"visit-{visit.user}-{int(now)}",
                eventList=[
                    {
                        "eventType": kind,
                        "itemId": item,
                        "sentAt": datetime.fromtimestamp(now, UTC),
                        "recommendationId": visit.recommendation_id,
                        "impression": list(visit.items),
                        **value,
                    }
                    for kind, item, value in kinds[start : start + 10]
                ],
            )

    return put


def rows(visits: Sequence[Visit]) -> list[tuple[int, int, str]]:
    """What the shop writes into its own table of events: customer, product and kind."""
    return [
        (int(visit.user), int(item), kind)
        for visit in visits
        for kind, items in (("view", visit.reaction.viewed), ("purchase", visit.reaction.bought))
        for item in items
    ]
