"""Changing something in the service exactly once, though answers get lost and workers die.

botocore repeats a request whose answer it did not get, and it takes `LimitExceededException` for throttling. For a
request that changes something both are wrong: it may have been done already, and a full quota is no reason to hold a
worker for minutes. So a change is requested once, and before it is requested again its effect is looked for.

Names that make a repeated request recognisable: derived from the run, not from the clock.

The service refuses a second resource of a name, which makes a name the idempotency key of `Create*`.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from airflow_personalize.exceptions import error_code, is_transient

T = TypeVar("T")

MAX_REQUESTS = 12
FIRST_REQUEST_PAUSE = 0.5
LONGEST_REQUEST_PAUSE = 20.0
PAUSES_UNTIL_VISIBLE = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
MAX_NAME_LENGTH = 63
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_-]+")


def exactly_once(
    find: Callable[[], T | None],
    request: Callable[[], T],
    log: Any,
    *,
    find_first: bool = True,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[T, bool]:
    """What `request` brings about, and whether it was requested now (or was there before).

    :param find: finds what an earlier request has brought about; None if there is nothing.
    :param request: makes the request, once, without retries of its own.
    :param find_first: False, if nobody can have made the request yet.
    :raises ClientError: the service's refusal, or the last of many transient errors.
    """
    requested = False
    for pause in _pauses_between_requests():
        if find_first and (resource := find()) is not None:
            return resource, requested
        find_first = True
        try:
            return request(), True
        except (ClientError, BotoCoreError) as error:
            if error_code(error) == "ResourceAlreadyExistsException":
                if (resource := _find_patiently(find, sleep)) is None:
                    raise
                return resource, requested
            if not is_transient(error) or pause is None:
                raise
            requested = True
            log.info(
                "%s: will find out whether it was done, and request it again if not, in %.0f s", error, pause
            )
            sleep(pause)
    raise AssertionError("unreachable: the last pause is None")


def _find_patiently(find: Callable[[], T | None], sleep: Callable[[float], None]) -> T | None:
    """What has the name that is taken: right after its creation it may take a while to become visible."""
    for pause in PAUSES_UNTIL_VISIBLE:
        if (resource := find()) is not None:
            return resource
        sleep(pause)
    return find()


def _pauses_between_requests() -> Iterator[float | None]:
    """Seconds after each try; None after the last."""
    pause = FIRST_REQUEST_PAUSE
    for _ in range(MAX_REQUESTS - 1):
        yield pause * random.uniform(0.75, 1.25)
        pause = min(pause * 2, LONGEST_REQUEST_PAUSE)
    yield None


def job_name(
    dag_id: str,
    run_id: str,
    task_id: str,
    map_index: int = -1,
    *,
    repetition: int = 0,
    attempt: int = 1,
    subject: Sequence[str] = (),
) -> str:
    """The name of what a task of a run creates, readable and within the service's pattern.

    :param repetition: how often the task was done again after it had succeeded.
    :param attempt: 1, and one more for each earlier attempt that the service says has failed.
    :param subject: what the job is about, e.g. its dataset and data: a task that is cleared to do something else
        must not find what it did before.
    """
    mapped = f"-{map_index}" if map_index >= 0 else ""
    repeated = (f"-r{repetition}" if repetition else "") + (f"-a{attempt}" if attempt > 1 else "")
    digest = hashlib.sha256("\0".join((dag_id, run_id, task_id, *subject)).encode()).hexdigest()[:8]
    ending = f"-{digest}{mapped}{repeated}"
    readable = f"{task_id.rsplit('.', 1)[-1]}-{_readable_run_id(run_id)}"
    return clean(readable)[: MAX_NAME_LENGTH - len(ending)].rstrip("-_") + ending


def clean(text: str) -> str:
    """`text` with what a name may not hold replaced by a dash; begins with a letter or digit."""
    return _NOT_ALLOWED.sub("-", text).strip("-_") or "x"


def _readable_run_id(run_id: str) -> str:
    """The kind and time of a run id: scheduled__2026-03-01T03:00:00+00:00 becomes scheduled-20260301T030000."""
    kind, _, moment = run_id.partition("__")
    return f"{kind}-{re.sub(r'[-:]|[.+].*', '', moment)}" if moment else run_id
