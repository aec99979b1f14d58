"""Which items a recipe that explores shows more often than their scores say."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from localpersonalize.runtime.deployment import Deployment, GroupData, ItemView
from localpersonalize.runtime.histories import NEVER
from localpersonalize.runtime.selection import ExplorationCandidates

SECONDS_PER_DAY = 86_400
CANDIDATES_TTL_SECONDS = 30.0
"""How long a deployment's candidates are used before they are looked for again."""
MAX_CANDIDATES = 10_000
"""Of more, as many are drawn each time: every request scores all of them."""


class Explorer:
    """Candidates of each deployment, and how often each item was shown without being chosen."""

    def __init__(self) -> None:
        self._ignored: Counter[tuple[str, str]] = Counter()
        self._cache: dict[str, tuple[float, ItemView, ExplorationCandidates]] = {}

    def record_impressions(self, group_arn: str, items: list[str], clicked_item: str | None) -> None:
        """Impressions of one event, implicit or explicit; the item of the event itself was not ignored."""
        for item in items:
            if item != clicked_item:
                self._ignored[group_arn, item] += 1

    def candidates(
        self, deployment: Deployment, data: GroupData, view: ItemView
    ) -> ExplorationCandidates | None:
        """None where the recipe doesn't explore or explores with weight 0."""
        if deployment.explores is None or deployment.explores.weight <= 0:
            return None
        cached = self._cache.get(deployment.arn)
        if cached is None or cached[1] is not view or time.monotonic() - cached[0] > CANDIDATES_TTL_SECONDS:
            cached = (time.monotonic(), view, self._find(deployment, data, view))
            self._cache[deployment.arn] = cached
        return cached[2]

    def _find(self, deployment: Deployment, data: GroupData, view: ItemView) -> ExplorationCandidates:
        items = exploration_candidates(deployment, data, view, int(time.time()))
        if len(items) > MAX_CANDIDATES:
            items = np.random.default_rng().choice(items, MAX_CANDIDATES, replace=False)
        ids = view.items.ids
        ignored = [self._ignored[deployment.group_arn, str(ids[item])] for item in items.tolist()]
        return ExplorationCandidates(items, -np.log1p(np.array(ignored, np.float64)))


def exploration_candidates(deployment: Deployment, data: GroupData, view: ItemView, now: int) -> np.ndarray:
    """Indices of items with no more events than the usual item that are no older than the cut-off.

    An item is as old as its CREATION_TIMESTAMP, without one as its first event; with neither it counts as new. Ages are
    counted from the newest event of the dataset group. Source: the developer guide, "Creation timestamp data".
    """
    assert deployment.explores is not None
    codes = data.histories.items
    indices = deployment.model_indices(codes, np.arange(len(codes)))
    is_known = indices >= 0
    size = len(view.items)
    count, first = np.zeros(size, np.int64), np.full(size, NEVER)
    count[indices[is_known]] = data.histories.counts()[: len(indices)][is_known]
    first[indices[is_known]] = data.histories.first_seen()[: len(indices)][is_known]
    newest = int(data.histories.last_seen().max(initial=0)) or now
    created = view.columns.numbers("CREATION_TIMESTAMP")
    born = np.where(np.isnan(created), first, created)
    is_new = born >= newest - deployment.explores.cut_off_days * SECONDS_PER_DAY
    typical_count = np.median(count[count > 0]) if (count > 0).any() else 0
    return np.flatnonzero(is_new & (count <= typical_count)).astype(np.int64)
