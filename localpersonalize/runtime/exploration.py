"""Which items a recipe that explores shows more often than their scores say."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np

from localpersonalize.runtime.deployment import Deployment, GroupData, View
from localpersonalize.runtime.selection import Candidates

DAY = 86_400
FRESH_SECONDS = 30.0
"""How long a deployment's candidates are used before they are looked for again."""


class Explorer:
    """Candidates of each deployment, and how often each item was shown without being chosen."""

    def __init__(self) -> None:
        self._ignored: Counter[tuple[str, str]] = Counter()
        self._held: dict[str, tuple[float, View, Candidates]] = {}

    def shown(self, group_arn: str, items: list[str], chosen: str | None) -> None:
        """Impressions of one event, implicit or explicit; the item of the event itself was not ignored."""
        for item in items:
            if item != chosen:
                self._ignored[group_arn, item] += 1

    def candidates(self, deployment: Deployment, data: GroupData, view: View) -> Candidates | None:
        """None where the recipe doesn't explore or was told not to."""
        if deployment.explores is None or deployment.explores.weight <= 0:
            return None
        held = self._held.get(deployment.arn)
        if held is None or held[1] is not view or time.monotonic() - held[0] > FRESH_SECONDS:
            held = (time.monotonic(), view, self._find(deployment, data, view))
            self._held[deployment.arn] = held
        return held[2]

    def _find(self, deployment: Deployment, data: GroupData, view: View) -> Candidates:
        items = worth_exploring(deployment, data, view, int(time.time()))
        ids = view.items.ids
        ignored = [self._ignored[deployment.group_arn, str(ids[item])] for item in items.tolist()]
        return Candidates(items, -np.log1p(np.array(ignored, np.float64)))


def worth_exploring(deployment: Deployment, data: GroupData, view: View, now: int) -> np.ndarray:
    """Indices of items with no more events than the usual item, used or created within the cut-off.

    Ages are counted from the newest event of the dataset group. An item with neither an event nor a
    creation time counts as new.
    """
    assert deployment.explores is not None
    codes = data.histories.items
    places = deployment.places(codes, np.arange(len(codes)))
    known = places >= 0
    size = len(view.items)
    count, last = np.zeros(size, np.int64), np.zeros(size, np.int64)
    count[places[known]] = data.histories.counts()[: len(places)][known]
    last[places[known]] = data.histories.last_seen()[: len(places)][known]
    newest = int(last.max()) if size and last.max() > 0 else now
    created = view.columns.numbers("CREATION_TIMESTAMP")
    last = np.maximum(last, np.where(np.isnan(created), 0, created).astype(np.int64))
    last[(count == 0) & (last == 0)] = newest
    young = last >= newest - deployment.explores.cut_off_days * DAY
    usual = np.median(count[count > 0]) if (count > 0).any() else 0
    return np.flatnonzero(young & (count <= usual)).astype(np.int64)
