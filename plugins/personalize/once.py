"""Changing something in the service exactly once, though answers get lost and workers die.

botocore repeats a request whose answer it did not get, and it takes `LimitExceededException` for throttling. For a
request that changes something both are wrong: it may have been done already, and a full quota is no reason to hold a
worker for minutes. So changes are asked for once, and before they are asked for again somebody looks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from personalize.failures import code_of, is_passing

T = TypeVar("T")

TRIES = 12
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 20.0


def exactly_once(
    look: Callable[[], T | None],
    ask: Callable[[], T],
    log: Any,
    *,
    look_first: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[T, bool]:
    """What `ask` brings about, and whether it was asked for now (or was there before).

    :param look: finds what an earlier request has brought about; None if there is nothing.
    :param ask: makes the request, once, without retries of its own.
    :param look_first: False, if nobody can have asked yet.
    :raises ClientError, BotoCoreError: the service's refusal, or the last of many passing troubles.
    """
    asked = False
    for pause in _pauses():
        if look_first and (found := look()) is not None:
            return found, asked
        look_first = True
        try:
            return ask(), True
        except (ClientError, BotoCoreError) as error:
            if code_of(error) == "ResourceAlreadyExistsException":
                if (found := look()) is None:
                    raise
                return found, asked
            if not is_passing(error) or pause is None:
                raise
            asked = True
            log.info("%s: looking whether it was done, then asking again in %.0f s", error, pause)
            sleep(pause)
    raise AssertionError("unreachable: the last pause is None")


def _pauses() -> Iterator[float | None]:
    """Seconds after each try; None after the last."""
    pause = FIRST_PAUSE
    for _ in range(TRIES - 1):
        yield pause * random.uniform(0.75, 1.25)
        pause = min(pause * 2, LONGEST_PAUSE)
    yield None
