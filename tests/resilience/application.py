"""The shop's web pages: somebody asks the campaign all the time, and looks at some of what was recommended.

Every answer that is no good is written down; and every event that was put, and whether the service has taken it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.resilience.model import Shop

PAUSE = 0.5
EVENT_PAUSE = 2.0  # more than a second: no two events are rows of the same second


class Application:
    """Asks for recommendations and puts events, from its start on.

    :param runtime: a client that reaches the service whatever happens to the network: any error is a problem
    :param events: one on whose way requests and answers get lost; its repetitions have the event's id
    :param users: so many may ask
    :ivar problems: what was wrong with answers, in sentences
    """

    def __init__(
        self, runtime: Any, campaign_arn: str, events: Any, tracking_id: str, users: int, shop: Shop
    ) -> None:
        self._runtime, self._campaign_arn = runtime, campaign_arn
        self._events, self._tracking_id = events, tracking_id
        self._users, self._shop = users, shop
        self._put_at = 0.0
        self._random = random.Random(0)
        self._excused = 0
        self._stop = threading.Event()
        self.answers, self.problems = 0, list[str]()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    @contextmanager
    def excused(self) -> Iterator[None]:
        """While the service itself is gone, nobody expects an answer."""
        self._excused += 1
        try:
            yield
        finally:
            self._excused -= 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(30)

    def _ask(self) -> None:
        while not self._stop.wait(PAUSE):
            began, excused = time.time(), self._excused
            user = str(self._random.randint(1, self._users))
            try:
                answer = self._runtime.get_recommendations(
                    campaignArn=self._campaign_arn, userId=user, numResults=10
                )
            except (BotoCoreError, ClientError) as error:
                if not (excused or self._excused):
                    self.problems.append(f"user {user} got no answer at {began:.0f}: {error}")
                continue
            self.answers += 1
            answered = {item["itemId"] for item in answer["itemList"]}
            if not answered:
                self.problems.append(f"user {user} got an empty answer")
            if unknown := answered - {str(number) for number in self._shop.items}:
                self.problems.append(f"user {user} was recommended what does not exist: {sorted(unknown)}")
            elif answered and time.time() > self._put_at + EVENT_PAUSE:
                self._put(user, self._random.choice(sorted(answered)))

    def _put(self, user: str, item: str) -> None:
        """A look at an item. The client repeats a request that fails; what fails for good may have arrived or not."""
        self._put_at = time.time()
        second = int(self._put_at)
        row = (user, item, "view", str(second))
        event = {"eventId": str(second), "eventType": "view", "itemId": item, "sentAt": second}
        self._shop.sent.append(row)
        with suppress(BotoCoreError, ClientError):
            self._events.put_events(
                trackingId=self._tracking_id, userId=user, sessionId=f"session-{user}", eventList=[event]
            )
            self._shop.acknowledged.append(row)
