"""What every operator of Amazon Personalize shares: how it asks, how it waits, and what it does on failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.providers.common.compat.sdk import conf
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import PersonalizeError, explain
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.idempotency import exactly_once
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.s3 import S3Mixin
from airflow_personalize.triggers import (
    PersonalizePauseTrigger,
    PersonalizeWaitTrigger,
    stop_solution_version,
)
from airflow_personalize.waiter import FIRST_PAUSE, Wait

if TYPE_CHECKING:
    from airflow.sdk import Context

T = TypeVar("T")

OCCUPIED_PAUSE = 30.0
OCCUPIED_ATTEMPTS = 720
SHORT_PAUSES = 3


class _Reschedule(Exception):
    """A pause was sat out in the worker: `execute` is to begin once more."""

    def __init__(self, number: int) -> None:
        self.number = number


def repeatable(execute: Callable[..., Any]) -> Callable[..., Any]:
    """An `execute` that may ask to be run `again`: in a loop, since a full quota can last longer than a stack."""

    @wraps(execute)
    def repeated(self: Any, context: Context, event: dict[str, Any] | None = None) -> Any:
        while True:
            try:
                return execute(self, context, event)
            except _Reschedule as again:
                event = {"waited": again.number}

    return repeated


class PersonalizeBaseOperator(S3Mixin, AwsBaseOperator[PersonalizeHook]):
    """
    Base of the operators that talk to Amazon Personalize.

    :param wait_for_completion: Whether to wait until the resource is ready (default: True).
    :param deferrable: Whether to wait in the triggerer, without a worker slot
        (default: ``[operators] default_deferrable``). This implies waiting for completion, needs no further
        package, and keeps what is waited for if the triggerer restarts.
    :param waiter_delay: Longest pause between two looks, in seconds; pauses begin short and grow up to it.
    :param waiter_max_attempts: Number of looks after which the wait fails.
    :param aws_conn_id: The Airflow connection used for AWS credentials.
        If this is ``None`` or empty then the default boto3 behaviour is used. If
        running Airflow in a distributed manner and aws_conn_id is None or
        empty, then default boto3 configuration would be used (and must be
        maintained on each worker node).
    :param region_name: AWS region_name. If not specified then the default boto3 behaviour is used.
    :param verify: Whether or not to verify SSL certificates.
    :param botocore_config: Configuration dictionary (key-values) for botocore client.
    """

    aws_hook_class = PersonalizeHook
    template_fields: Sequence[str] = aws_template_fields()
    operator_extra_links = (PersonalizeResourceLink(),)
    ui_color = "#d5ebe4"

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        waiter_delay: float | None = None,
        waiter_max_attempts: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self._to_stop: str | None = None

    @property
    def client(self) -> Any:
        """For requests that only read: passing trouble is botocore's business."""
        return self.hook.conn

    @property
    def change(self) -> Any:
        """For requests that change something, inside `once`."""
        return self.hook.asking_once

    def once(
        self, look: Callable[[], T | None], ask: Callable[[], T], *, look_first: bool = True
    ) -> tuple[T, bool]:
        """Change something exactly once, see `airflow_personalize.idempotency.exactly_once`."""
        return exactly_once(look, ask, self.log, look_first=look_first)

    def describe(self, kind: str, **arguments: str) -> dict[str, Any] | None:
        """What the service says of a resource of the kind, e.g. ``dataset_group``; None if there is none."""
        try:
            answer = getattr(self.client, f"describe_{kind}")(**arguments)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return next(value for name, value in answer.items() if name != "ResponseMetadata")

    def wait(
        self,
        context: Context,
        waiter: str,
        stop_on_kill: str | None = None,
        fresh: bool = False,
        **arguments: str,
    ) -> Any:
        """Wait as the operator's parameters say; returns what the operator returns.

        :param fresh: it was asked for just now, so it can't be ready.
        """
        wait = Wait(waiter, arguments, self.waiter_delay, self.waiter_max_attempts)
        PersonalizeResourceLink.persist(context, self, wait.resource)
        if not (self.wait_for_completion or self.deferrable):
            return self.completed(context, wait.resource)
        self._to_stop = stop_on_kill
        outcome = wait.soon(self.client, fresh=fresh)
        if outcome.state == "retry" and self.deferrable:
            self.defer(
                trigger=self.trigger(wait, stop_on_kill),
                method_name="execute_complete",
                timeout=self.execution_timeout,
            )
        try:
            if outcome.state == "retry":
                wait.until_done(self.client, self.log)
            else:
                wait.finished(outcome)
        except PersonalizeError as error:
            fail(error)
        self._to_stop = None
        return self.completed(context, wait.resource)

    def trigger(self, wait: Wait, stop_on_kill: str | None = None) -> PersonalizeWaitTrigger:
        return PersonalizeWaitTrigger(
            waiter=wait.waiter,
            arguments=dict(wait.arguments),
            waiter_delay=self.waiter_delay,
            waiter_max_attempts=self.waiter_max_attempts,
            stop_on_kill=stop_on_kill,
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            botocore_config=self.botocore_config,
        )

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Resume after a deferred wait.

        :raises PersonalizeError: on any event that is not a success.
        """
        event = event or {}
        if event.get("status") != "success":
            fail(
                PersonalizeError(
                    str(event.get("resource", self.task_id)),
                    event.get("failed_status", "in an unknown state"),
                    event.get("reason", ""),
                )
            )
        return self.completed(context, event["resource"])

    def completed(self, context: Context, resource: str) -> Any:
        """What the operator returns once the resource is ready: its ARN, unless a subclass says otherwise."""
        return resource

    def wait_for_a_place(self, context: Context, error: ClientError, event: dict[str, Any] | None) -> Any:
        """Run the operator again when the service may be less occupied.

        :raises ClientError: `error`, after many such waits.
        """
        number = int((event or {}).get("waited", 0)) + 1
        if number > (self.waiter_max_attempts or OCCUPIED_ATTEMPTS):
            raise error
        if number == 1:
            self.log.info("Waiting for a free place: %s", error)
        return self.again(context, number, OCCUPIED_PAUSE)

    def again(self, context: Context, number: int, longest: float) -> Any:
        """Run the operator again after a pause that grows with `number` up to `waiter_delay`, else `longest`.

        Short pauses are sat out in the worker, see `airflow_personalize.waiter`. For an `execute` that is `repeatable`.
        """
        pause = min(2.0 ** (number - 1), self.waiter_delay if self.waiter_delay is not None else longest)
        if not self.deferrable or (pause < FIRST_PAUSE and number <= SHORT_PAUSES):
            time.sleep(pause)
            raise _Reschedule(number)
        self.defer(
            trigger=PersonalizePauseTrigger(pause, number),
            method_name="execute",
            timeout=timedelta(seconds=pause + 600),
        )

    def on_kill(self) -> None:
        if self._to_stop:
            stop_solution_version(self.hook, self._to_stop)


def fail(error: PersonalizeError) -> NoReturn:
    """Raise a failure: so that Airflow tries again, or so that it does not where a person has to act first."""
    if error.try_again:
        raise error
    raise AirflowFailException(str(error)) from error


def refuse(resource: str, error: ClientError) -> NoReturn:
    """Fail without another try on a request that the service says is wrong."""
    message = error.response["Error"]["Message"]
    raise AirflowFailException(explain(resource, "refused by the service", message)) from error


def arn_of(other_arn: str, *parts: str) -> str:
    """The ARN of a resource in the same partition, region and account as another."""
    return ":".join(other_arn.split(":")[:5]) + ":" + "/".join(parts)


def given(**arguments: Any) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
