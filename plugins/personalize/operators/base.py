"""What every operator of Amazon Personalize shares: waiting, attaching to earlier work, and results."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields
from airflow.providers.common.compat.sdk import conf
from botocore.exceptions import ClientError

from personalize.hooks import PersonalizeHook
from personalize.links import PersonalizeResourceLink
from personalize.names import job_name
from personalize.triggers import PersonalizePauseTrigger, PersonalizeWaitTrigger
from personalize.waiting import PersonalizeError, Wait

if TYPE_CHECKING:
    from airflow.sdk import Context

PLACE_PAUSE = 30.0
DONE = "personalize_done"


class PersonalizeBaseOperator(AwsBaseOperator[PersonalizeHook]):
    """
    Base of the operators that talk to Amazon Personalize.

    :param wait_for_completion: Whether to wait until the resource is ready (default: True).
    :param deferrable: Whether to wait in the triggerer, without a worker slot
        (default: ``[operators] default_deferrable``).
    :param waiter_delay: Longest pause between two looks, in seconds; pauses begin short and grow up to it.
    :param waiter_max_attempts: Number of looks after which the wait fails.
    :param aws_conn_id: The Airflow connection used for AWS credentials.
        If this is ``None`` or empty then the default boto3 behaviour is used.
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

    @property
    def client(self) -> Any:
        return self.hook.conn

    def wait(self, context: Context, waiter: str, stop_on_kill: str | None = None, **arguments: str) -> Any:
        """Wait as the operator's parameters say; returns what the operator returns."""
        wait = Wait(waiter, arguments, self.waiter_delay, self.waiter_max_attempts)
        self._link(context, wait.resource)
        if not self.wait_for_completion:
            return self.completed(context, wait.resource)
        if self.deferrable:
            outcome = wait.look(self.client)
            if outcome.state == "retry":
                self.defer(
                    trigger=PersonalizeWaitTrigger(
                        waiter=waiter,
                        arguments=dict(arguments),
                        waiter_delay=self.waiter_delay,
                        waiter_max_attempts=self.waiter_max_attempts,
                        stop_on_kill=stop_on_kill,
                        aws_conn_id=self.aws_conn_id,
                        region_name=self.region_name,
                        verify=self.verify,
                        botocore_config=self.botocore_config,
                    ),
                    method_name="execute_complete",
                )
            wait.finished(outcome)
        else:
            wait.until_done(self.client, self.log)
        return self.completed(context, wait.resource)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Resume after a deferred wait.

        :raises PersonalizeError: on any event that is not a success.
        """
        if not event or event.get("status") != "success":
            event = event or {}
            raise PersonalizeError(
                event.get("resource", self.task_id),
                event.get("failed_status", "unknown"),
                event.get("reason", ""),
            )
        return self.completed(context, event["resource"])

    def completed(self, context: Context, resource: str) -> Any:
        """What the operator returns once the resource is ready: its ARN, unless a subclass says otherwise."""
        return resource

    def _link(self, context: Context, resource: str) -> None:
        PersonalizeResourceLink.persist(context, self, resource)


class PersonalizeJobOperator(PersonalizeBaseOperator):
    """
    Base of the operators that start a job, exactly once for a run.

    The job is named from the DAG run, task and map index. A retry, a cleared task or a worker that died
    anywhere on the way finds the job by that name: it is attached to while it is pending or in progress, its
    result is taken when it is done, and only after it has failed is the next attempt made. A task that a
    person clears after it has succeeded does its work again, under a new name.
    """

    waiter: str
    argument: str

    @abstractmethod
    def create(self, name: str) -> str:
        """Start a job of this name; returns its ARN.

        :raises ClientError: ResourceAlreadyExistsException, if there is one of that name.
        """

    @abstractmethod
    def find(self, name: str) -> str | None:
        """ARN of the job of this name."""

    def execute(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        repetition = _repetition(context, self.retries or 0)
        for attempt in range(1, (self.retries or 0) + 100):
            name = self._name(context, repetition, attempt)
            try:
                arn = self.create(name)
                self.log.info("Started %s as %s", name, arn)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "LimitExceededException":
                    return self._wait_for_a_place(context, error, event)
                if code != "ResourceAlreadyExistsException":
                    raise
                arn = self.find(name)  # type: ignore[assignment]
                if arn is None:
                    raise
                if Wait(self.waiter, {self.argument: arn}).look(self.client).state == "failure":
                    self.log.info("%s has failed: making the next attempt", arn)
                    continue
                self.log.info("Going on with %s, which an earlier try of this task started", arn)
            return self.wait(context, self.waiter, self.stops_on_kill(arn), **{self.argument: arn})
        raise AssertionError("unreachable: attempts are bounded by the task's retries")

    def stops_on_kill(self, arn: str) -> str | None:
        """The solution version to stop when a person ends the task while it waits."""
        return None

    def completed(self, context: Context, resource: str) -> Any:
        _remember_done(context, self.retries or 0)
        return resource

    def _name(self, context: Context, repetition: int, attempt: int) -> str:
        ti = context["ti"]
        map_index = ti.map_index if ti.map_index is not None else -1
        return job_name(ti.dag_id, ti.run_id, ti.task_id, map_index, repetition=repetition, attempt=attempt)

    def _wait_for_a_place(self, context: Context, error: ClientError, event: dict[str, Any] | None) -> Any:
        """Try again when the service may have a free place; without deferral, that is the task's retry."""
        self.log.info("No free place yet: %s", error.response["Error"]["Message"])
        if not self.deferrable:
            raise error
        pause = self.waiter_delay if self.waiter_delay is not None else PLACE_PAUSE
        self.defer(trigger=PersonalizePauseTrigger(pause), method_name="execute")


def arn_of(other_arn: str, *parts: str) -> str:
    """The ARN of a resource in the same partition, region and account as another."""
    return ":".join(other_arn.split(":")[:5]) + ":" + "/".join(parts)


def _memory(context: Context) -> Any:
    return context.get("task_state_store")


def _repetition(context: Context, retries: int) -> int:
    """How often the task has been done again after a success: a clear raises `max_tries`."""
    memory = _memory(context)
    done: Mapping[str, int] = (memory.get(DONE) if memory is not None else None) or {}
    if not done:
        return 0
    return int(done["repetition"]) + int(context["ti"].max_tries > done["max_tries"])


def _remember_done(context: Context, retries: int) -> None:
    memory = _memory(context)
    if memory is not None:
        memory.set(DONE, {"repetition": _repetition(context, retries), "max_tries": context["ti"].max_tries})
