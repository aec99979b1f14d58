"""Waiting for the service: one description of states for operators, sensors and triggers.

`waiters/personalize.json` declares, for everything there is to wait for, which states are success, failure, and a
reason to poll again. A state that it does not name is an error, never a reason to wait on. Pauses begin short and
grow up to the waiter's delay, with a jitter, so that short jobs end soon and many long ones do not poll in step.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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
POLL_PAUSE_GROWTH = 2.0
POLL_PAUSE_JITTER = 0.2


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
    """Something to wait for: a waiter by name, and the arguments of its operation."""

    waiter: str
    arguments: Mapping[str, str]
    delay: float | None = None
    max_attempts: int | None = None

    @property
    def resource(self) -> str:
        return next(iter(self.arguments.values()))

    def pauses(self) -> Iterator[float]:
        """Seconds to sleep before each poll; ends with the last attempt."""
        config = _config(self.waiter)
        longest = self.delay if self.delay is not None else float(config.delay)
        pause = min(FIRST_POLL_PAUSE, longest)
        for _ in range(self.max_attempts or config.max_attempts):
            yield pause * random.uniform(1, 1 + POLL_PAUSE_JITTER)
            pause = min(pause * POLL_PAUSE_GROWTH, longest)

    def poll(self, client: Any) -> Outcome:
        """Get the state once. Throttling and broken connections are a reason to poll again, not a failure.

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
                return Outcome(acceptor.state, _status(answer, config), _reason(answer, config))
        if "Error" in answer:
            raise PersonalizeError(self.resource, answer["Error"]["Code"], answer["Error"]["Message"])
        raise UnknownStatusError(
            self.resource, _status(answer, config), "The service gave a state nobody knows."
        )

    def poll_briefly(self, client: Any, *, fresh: bool = False) -> Outcome:
        """What the service says within a few seconds.

        :param fresh: it was requested just now, so a poll at once would be wasted.
        """
        outcome = Outcome("retry", "") if fresh else self.poll(client)
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
        progress = Progress(self.resource, log)
        outcome = Outcome("retry", "")
        for pause in self.pauses():
            time.sleep(pause)
            progress.update(outcome := self.poll(client))
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
    """Logs a resource's state when it changes, with the time that has passed."""

    def __init__(self, resource: str, log: Any) -> None:
        self._resource, self._log = resource, log
        self._started, self._last = time.monotonic(), ""

    def update(self, outcome: Outcome) -> None:
        if outcome.status and outcome.status != self._last:
            self._log.info(
                "%s: %s after %.0f s", self._resource, outcome.status, time.monotonic() - self._started
            )
            self._last = outcome.status


@cache
def _config(waiter: str) -> SingleWaiterConfig:
    return WaiterModel(json.loads((WAITERS / "personalize.json").read_text())).get_waiter(waiter)


def waiter_names() -> list[str]:
    """Everything that can be waited for."""
    return list(json.loads((WAITERS / "personalize.json").read_text())["waiters"])


def _status(answer: Mapping[str, Any], config: SingleWaiterConfig) -> str:
    if "Error" in answer:
        return (
            "DELETED" if answer["Error"]["Code"] == "ResourceNotFoundException" else answer["Error"]["Code"]
        )
    value: Any = answer
    for step in _path(config).split("."):
        value = (value or {}).get(step)
    return str(value)


def _reason(answer: Mapping[str, Any], config: SingleWaiterConfig) -> str:
    value: Any = answer
    for step in _path(config).split(".")[:-1]:
        value = (value or {}).get(step)
    return str((value or {}).get("failureReason", "")) if isinstance(value, Mapping) else ""


def _path(config: SingleWaiterConfig) -> str:
    return next(str(acceptor.argument) for acceptor in config.acceptors if acceptor.matcher == "path")
