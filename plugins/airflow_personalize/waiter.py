"""Waiting for the service: one description of states for operators, sensors and triggers.

`waiters/personalize.json` declares, for everything there is to wait for, which states are success, failure, and a
reason to poll again. A state that it does not name is an error, never a reason to wait on. A pause is a tenth of what
has been waited, within five seconds and the waiter's delay, with a jitter: whatever a job takes, its end is noticed
soon, and many long ones do not poll in step.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.waiter import SingleWaiterConfig, WaiterModel

from airflow_personalize.exceptions import (
    PersonalizeError,
    UnknownStatusError,
    WaitTimeoutError,
    error_code,
    is_transient,
)
from airflow_personalize.hooks import WAITERS

# Airflow takes a task for dead whose deferral ends before the worker process that deferred it has exited (seconds, on a
# busy machine). So what is over in a moment is waited for in the worker, and a deferral begins with a pause.
EARLY_POLL_PAUSES = (0.6, 2.4)
FIRST_POLL_PAUSE = 5.0
POLL_PAUSE_SHARE = 0.1
POLL_PAUSE_JITTER = 0.2
LINE_PAUSE, LINE_PAUSE_SHARE = 10.0, 0.1
# What was created a moment ago may not be found yet by the next request.
VISIBLE_WITHIN = 60.0


NOT_FOUND = "ResourceNotFoundException"


@dataclass(frozen=True)
class Outcome:
    """What one poll of a resource found.

    `state` is success, failure or retry; `status` is the service's own word, and empty if the service could not be
    reached just now.
    """

    state: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Wait:
    """Something to wait for: a waiter by name, and the arguments of its operation.

    `fresh` says that it was requested just now: that it can't be found yet is no failure for the first minute.
    `usual` is how many seconds such a wait usually takes, for the log.
    """

    waiter: str
    arguments: Mapping[str, str]
    delay: float | None = None
    max_attempts: int | None = None
    fresh: bool = False
    usual: float | None = None

    @property
    def resource(self) -> str:
        return next(iter(self.arguments.values()))

    def pauses(self) -> Iterator[float]:
        """Seconds to sleep before each poll; ends with the last attempt."""
        config = _config(self.waiter)
        longest = self.delay if self.delay is not None else float(config.delay)
        waited = sum(EARLY_POLL_PAUSES)
        for _ in range(self.max_attempts or config.max_attempts):
            share = max(FIRST_POLL_PAUSE, waited * POLL_PAUSE_SHARE) * random.uniform(
                1 - POLL_PAUSE_JITTER, 1
            )
            # At its longest a pause is no shorter than the delay, so that the last attempt comes no earlier.
            yield (pause := min(share, longest * random.uniform(1, 1 + POLL_PAUSE_JITTER)))
            waited += pause

    def poll(self, client: Any, waited: float = 0.0) -> Outcome:
        """Get the state once. Throttling and broken connections are a reason to poll again, not a failure.

        :param waited: seconds since the wait began
        :raises UnknownStatusError: if the state is not one that the waiter declares.
        """
        config = _config(self.waiter)
        operation = getattr(client, xform_name(config.operation))
        try:
            answer = operation(**self.arguments)
        except (ClientError, BotoCoreError) as error:
            if is_transient(error):
                return Outcome("retry", "", f"{error_code(error)}: {error}")
            if not isinstance(error, ClientError):
                raise
            answer = error.response
        for acceptor in config.acceptors:
            if acceptor.matcher_func(answer):
                path = str(acceptor.argument) if acceptor.matcher == "path" else _path(config)
                return Outcome(acceptor.state, _status(answer, path), _reason(answer, path))
        if "Error" in answer:
            if self.fresh and waited < VISIBLE_WITHIN and answer["Error"]["Code"] == NOT_FOUND:
                return Outcome("retry", "", "It was created just now and cannot be found yet.")
            raise PersonalizeError(self.resource, answer["Error"]["Code"], answer["Error"]["Message"])
        raise UnknownStatusError(
            self.resource, _status(answer, _path(config)), "The service gave a state nobody knows."
        )

    def poll_briefly(self, client: Any) -> Outcome:
        """What the service says within a few seconds; right after the request a poll at once would be wasted."""
        outcome = Outcome("retry", "") if self.fresh else self.poll(client)
        for pause in EARLY_POLL_PAUSES:
            if outcome.state != "retry":
                break
            time.sleep(pause if self.delay is None else min(pause, self.delay))
            outcome = self.poll(client)
        return outcome

    def wait(self, client: Any, log: Any) -> Outcome:
        """Block until the wait is over.

        :raises PersonalizeError: if it ends in any state but success.
        """
        progress = Progress(self.resource, log, self.usual)
        outcome, waited = Outcome("retry", ""), 0.0
        for pause in self.pauses():
            time.sleep(pause)
            waited += pause
            progress.update(outcome := self.poll(client, waited))
            if outcome.state != "retry":
                break
        return self.ensure_success(outcome)

    def ensure_success(self, outcome: Outcome) -> Outcome:
        """
        :raises PersonalizeError: unless the outcome is success.
        """
        if outcome.state == "failure":
            raise PersonalizeError(self.resource, outcome.status, outcome.reason)
        if outcome.state == "retry":
            raise WaitTimeoutError(
                self.resource,
                outcome.status or "unknown",
                f"It is still not done after the last attempt. {outcome.reason}".strip(),
            )
        return outcome


class Progress:
    """Logs a resource's state when it changes, and while it does not, how long it has been so.

    The service says no more of a job than its state, so what it took before stands beside the time.

    :param usual: seconds that such a wait usually takes
    """

    def __init__(self, resource: str, log: Any, usual: float | None = None) -> None:
        self._resource, self._log, self._usual = resource, log, usual
        self._started, self._last, self._said_at = time.monotonic(), "", 0.0

    def update(self, outcome: Outcome) -> None:
        passed = time.monotonic() - self._started
        is_news = outcome.status != self._last
        if not outcome.status or not (is_news or passed >= self._next_line()):
            return
        expected = self._expected(passed) if outcome.state == "retry" else ""
        self._log.info("%s: %s after %.0f s%s", self._resource, outcome.status, passed, expected)
        self._last, self._said_at = outcome.status, passed

    def _expected(self, passed: float) -> str:
        """How far the wait is, and when it should end, by how long such waits took before."""
        if not self._usual:
            return ""
        if passed > self._usual:
            return f", longer than the usual {self._usual:.0f} s"
        end = datetime.now(UTC) + timedelta(seconds=self._usual - passed)
        return f", {passed / self._usual:.0%} of the usual {self._usual:.0f} s: expected at {end:%H:%M} UTC"

    def _next_line(self) -> float:
        """When an unchanged state is worth a line: at each tenth of the usual time, else ever more seldom."""
        return self._said_at + max(LINE_PAUSE, (self._usual or self._said_at) * LINE_PAUSE_SHARE)


@cache
def _config(waiter: str) -> SingleWaiterConfig:
    return WaiterModel(json.loads((WAITERS / "personalize.json").read_text())).get_waiter(waiter)


def waiter_names() -> list[str]:
    """Everything that can be waited for."""
    return list(json.loads((WAITERS / "personalize.json").read_text())["waiters"])


def _status(answer: Mapping[str, Any], path: str) -> str:
    if "Error" in answer:
        return "DELETED" if answer["Error"]["Code"] == NOT_FOUND else answer["Error"]["Code"]
    return str(_value(answer, path.split(".")))


def _reason(answer: Mapping[str, Any], path: str) -> str:
    resource = _value(answer, path.split(".")[:-1])
    return str(resource.get("failureReason", "")) if isinstance(resource, Mapping) else ""


def _value(answer: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = answer
    for step in path:
        value = (value or {}).get(step)
    return value


def _path(config: SingleWaiterConfig) -> str:
    """Where the state that is waited for stands: the last path, since a deletion of the whole is looked for first."""
    return [str(acceptor.argument) for acceptor in config.acceptors if acceptor.matcher == "path"][-1]
