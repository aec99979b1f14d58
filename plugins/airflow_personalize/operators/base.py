"""What every operator of Amazon Personalize shares: how it asks, waits, and fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.providers.common.compat.sdk import conf
from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from airflow_personalize.exceptions import PersonalizeError, explain, full_quota
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.idempotency import exactly_once
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.s3 import S3Mixin
from airflow_personalize.triggers import (
    PersonalizePauseTrigger,
    PersonalizeWaitTrigger,
    stop_solution_version,
)
from airflow_personalize.waiter import FIRST_POLL_PAUSE, Wait

if TYPE_CHECKING:
    from airflow.sdk import Context

T = TypeVar("T")

QUOTA_PAUSE = 30.0
QUOTA_ATTEMPTS = 720
PAUSES_IN_WORKER = 3


class _Reschedule(Exception):
    """A pause has passed in the worker: `execute` is to begin once more."""

    def __init__(self, number: int) -> None:
        self.number = number


def reentrant(execute: Callable[..., Any]) -> Callable[..., Any]:
    """An `execute` that may `reschedule` itself: in a loop, since a full quota can last longer than a stack."""

    @wraps(execute)
    def repeated(self: Any, context: Context, event: dict[str, Any] | None = None) -> Any:
        while True:
            try:
                return execute(self, context, event)
            except _Reschedule as rescheduled:
                event = {"waited": rescheduled.number}

    return repeated


class PersonalizeBaseOperator(S3Mixin, AwsBaseOperator[PersonalizeHook]):
    """
    Base of the operators that talk to Amazon Personalize.

    :param wait_for_completion: Whether to wait until the resource is ready (default: True).
    :param deferrable: Whether to wait in the triggerer, without a worker slot
        (default: ``[operators] default_deferrable``). This implies waiting for completion, needs no further
        package, and keeps what is waited for if the triggerer restarts.
    :param waiter_delay: Longest pause between two polls, in seconds; pauses begin short and grow up to it.
    :param waiter_max_attempts: Number of polls after which the wait fails.
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
    #: Whether a full quota has room by itself before long: jobs end, what was made once stays.
    waits_for_quota: ClassVar[bool] = False

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
        self._version_to_stop: str | None = None

    @property
    def client(self) -> Any:
        """For requests that only read: botocore retries transient errors."""
        return self.hook.conn

    @property
    def non_retrying_client(self) -> Any:
        """For requests that change something, inside `once`."""
        return self.hook.non_retrying_client

    def once(
        self, find: Callable[[], T | None], request: Callable[[], T], *, find_first: bool = True
    ) -> tuple[T, bool]:
        """Change something exactly once, see `airflow_personalize.idempotency.exactly_once`.

        :raises AirflowFailException: if a quota is full that has no room before a person makes some.
        """
        try:
            return exactly_once(find, request, self.log, find_first=find_first)
        except ClientError as error:
            if not self.waits_for_quota and (reason := full_quota(error)):
                raise AirflowFailException(reason) from None
            raise

    def describe(self, kind: str, **arguments: str) -> dict[str, Any] | None:
        """What the service says of a resource of the kind, e.g. ``dataset_group``; None if there is none."""
        try:
            answer = getattr(self.client, f"describe_{kind}")(**arguments)
        except self.client.exceptions.ResourceNotFoundException:
            return None
        return dict(next(value for name, value in answer.items() if name != "ResponseMetadata"))

    def wait(
        self,
        context: Context,
        waiter: str,
        stop_on_kill: str | None = None,
        fresh: bool = False,
        **arguments: str,
    ) -> None:
        """Wait as the operator's parameters say. A deferred wait ends in `execute_complete`, not here.

        :param fresh: it was requested just now: it can't be ready, and may not be found yet.
        """
        wait = Wait(waiter, arguments, self.waiter_delay, self.waiter_max_attempts, fresh)
        PersonalizeResourceLink.persist(context, self, wait.resource)
        if not (self.wait_for_completion or self.deferrable):
            return
        self._version_to_stop = stop_on_kill
        outcome = wait.poll_briefly(self.client)
        if outcome.state == "retry":
            wait = replace(wait, usual=self.usual_seconds())
        if outcome.state == "retry" and self.deferrable:
            self.defer(
                trigger=self.trigger(wait, stop_on_kill),
                method_name="execute_complete",
                timeout=self.execution_timeout,
            )
        try:
            if outcome.state == "retry":
                wait.wait(self.client, self.log)
            else:
                wait.ensure_success(outcome)
        except PersonalizeError as error:
            fail(error)
        self._version_to_stop = None

    def usual_seconds(self) -> float | None:
        """How long what the operator waits for usually takes, where that is known: for the log."""
        return None

    def trigger(self, wait: Wait, stop_on_kill: str | None = None) -> PersonalizeWaitTrigger:
        return PersonalizeWaitTrigger(
            waiter=wait.waiter,
            arguments=dict(wait.arguments),
            waiter_delay=self.waiter_delay,
            waiter_max_attempts=self.waiter_max_attempts,
            stop_on_kill=stop_on_kill,
            fresh=wait.fresh,
            usual=wait.usual,
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

    def wait_for_quota(self, context: Context, error: ClientError, event: dict[str, Any] | None) -> NoReturn:
        """Run the operator again when the quota may have room, or what it needs no longer changes.

        :raises ClientError: `error`, after many such waits.
        """
        number = int((event or {}).get("waited", 0)) + 1
        if number > (self.waiter_max_attempts or QUOTA_ATTEMPTS):
            raise error
        if number == 1:
            self.log.warning("Waiting for room: %s", explain(self.task_id, "refused for now", str(error)))
        self.reschedule(context, number, QUOTA_PAUSE)

    def reschedule(self, context: Context, number: int, longest: float) -> NoReturn:
        """Run the operator again after a pause that grows with `number` up to `waiter_delay`, else `longest`.

        Short pauses pass in the worker, see `airflow_personalize.waiter`. For an `execute` that is `reentrant`.
        """
        pause = min(2.0 ** (number - 1), self.waiter_delay if self.waiter_delay is not None else longest)
        if not self.deferrable or (pause < FIRST_POLL_PAUSE and number <= PAUSES_IN_WORKER):
            time.sleep(pause)
            raise _Reschedule(number)
        self.defer(
            trigger=PersonalizePauseTrigger(pause, number),
            method_name="execute",
            timeout=timedelta(seconds=pause + 600),
        )

    def on_kill(self) -> None:
        if self._version_to_stop:
            stop_solution_version(self.hook, self._version_to_stop)


class PersonalizeCreateOperator(PersonalizeBaseOperator):
    """
    Base of the operators that make something in the service.

    :param create_kwargs: Further arguments of the ``Create...`` request, e.g. ``tags``. (templated)
    """

    def __init__(self, *, create_kwargs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.create_kwargs = create_kwargs


def fail(error: PersonalizeError) -> NoReturn:
    """Raise a failure: so that Airflow tries again, or so that it does not where a person has to act first."""
    if error.is_retryable:
        raise error
    raise AirflowFailException(str(error)) from None


def raise_non_retryable(resource: str, error: ClientError) -> NoReturn:
    """Fail without another try on a request that the service says is wrong."""
    message = error.response["Error"]["Message"]
    raise AirflowFailException(explain(resource, "refused by the service", message)) from None


def prune_dict(**arguments: Any) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
