"""Models that follow events, such as those of trending items: soon after events came, they look at all there are."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

from localpersonalize.runtime.deployment import Deployment
from localpersonalize.runtime.group_data import GroupDataCache

log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
"""Between two looks at a group's events, however many come; intervals of trending-now are much longer."""


class EventFollowers:
    """The deployments whose models follow events."""

    def __init__(self, deployments: Mapping[str, Deployment], groups: GroupDataCache) -> None:
        self._deployments, self._groups = deployments, groups
        self._expected: set[str] = set()  # data whose events are about to be looked at
        self._last: dict[str, float] = {}  # when that was, on the monotonic clock
        self._lock = threading.Lock()

    def notice(self, data_arn: str) -> None:
        """Events came: look at them at once, or when the pause is over."""
        with self._lock:
            if data_arn in self._expected or not self._of(data_arn):
                return
            self._expected.add(data_arn)
            wait = self._last.get(data_arn, -PAUSE_SECONDS) + PAUSE_SECONDS - time.monotonic()
        timer = threading.Timer(max(0.0, wait), self._follow, (data_arn,))
        timer.daemon = True
        timer.start()

    def _of(self, data_arn: str) -> list[Deployment]:
        return [
            deployment
            for deployment in list(self._deployments.values())
            if deployment.data_arn == data_arn and deployment.model.follows_events
        ]

    def _follow(self, data_arn: str) -> None:
        with self._lock:
            self._expected.discard(data_arn)  # what comes from here on is another look's
            self._last[data_arn] = time.monotonic()
        for deployment in self._of(data_arn):
            try:
                deployment.follow_events(self._groups.get(data_arn))
            except Exception:
                log.exception("%s could not follow events", deployment.arn)
