"""The shop's web pages: somebody asks the campaign all the time, and writes down every answer that is no good."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PAUSE = 0.5


class Application:
    """Asks for recommendations from its start on.

    :param items: the ids of all products there are
    :ivar problems: what was wrong with answers, in sentences
    """

    def __init__(self, runtime: Any, campaign_arn: str, users: int, items: Callable[[], set[str]]) -> None:
        self._runtime, self._campaign_arn = runtime, campaign_arn
        self._users, self._items = users, items
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
            if unknown := answered - self._items():
                self.problems.append(f"user {user} was recommended what does not exist: {sorted(unknown)}")
