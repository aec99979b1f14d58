"""The trigger that waits for Amazon Personalize.

The provider's `AwsBaseWaiterTrigger` needs aiobotocore, which pins botocore to versions that lag behind the
service's model. This one polls an ordinary client in a thread: no further package, any endpoint, the hook's retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.waiter import Outcome, Progress, Wait


class PersonalizeWaitTrigger(BaseTrigger):
    """
    Wait until a resource of Amazon Personalize is in one of the states that end the wait.

    :param waiter: Name of a waiter in ``waiters/personalize.json``.
    :param arguments: Arguments of the waiter's operation.
    :param waiter_delay: Longest pause between two polls, in seconds (default: the waiter's).
    :param waiter_max_attempts: Number of polls after which the wait fails (default: the waiter's).
    :param stop_on_kill: Stop this solution version if the task is marked failed or cleared while it waits.
    :param fresh: It was requested just now: for the first minute it may not be found yet.
    :param usual: How many seconds such a wait usually takes, for the log.
    :param aws_conn_id: The Airflow connection used for AWS credentials.
    :param region_name: AWS region name.
    :param verify: Whether or not to verify SSL certificates.
    :param botocore_config: Configuration dictionary (key-values) for botocore client.
    """

    def __init__(
        self,
        waiter: str,
        arguments: dict[str, str],
        waiter_delay: float | None = None,
        waiter_max_attempts: int | None = None,
        stop_on_kill: str | None = None,
        fresh: bool = False,
        usual: float | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's has no annotations
        self.waiter, self.arguments = waiter, arguments
        self.waiter_delay, self.waiter_max_attempts = waiter_delay, waiter_max_attempts
        self.stop_on_kill, self.fresh, self.usual = stop_on_kill, fresh, usual
        self.aws_conn_id, self.region_name = aws_conn_id, region_name
        self.verify, self.botocore_config = verify, botocore_config

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = (
            "waiter",
            "arguments",
            "waiter_delay",
            "waiter_max_attempts",
            "stop_on_kill",
            "fresh",
            "usual",
            "aws_conn_id",
            "region_name",
            "verify",
            "botocore_config",
        )
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            name: getattr(self, name) for name in names
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        wait = Wait(self.waiter, self.arguments, self.waiter_delay, self.waiter_max_attempts, self.fresh)
        try:
            client = await asyncio.to_thread(lambda: self.hook().conn)
            progress, outcome, waited = (
                Progress(wait.resource, self.log, self.usual),
                Outcome("retry", ""),
                0.0,
            )
            for pause in wait.pauses():
                await asyncio.sleep(pause)
                waited += pause
                progress.update(outcome := await asyncio.to_thread(wait.poll, client, waited))
                if outcome.state != "retry":
                    break
            wait.ensure_success(outcome)
        except PersonalizeError as error:
            yield _failure(str(error), error.resource, error.reason, error.status)
            return
        except Exception as error:  # no connection of this name, no credentials: the task itself is to say so
            self.log.debug("Could not poll %s", wait.resource, exc_info=True)
            reason = f"{type(error).__name__}: {error}"
            yield _failure(str(error), wait.resource, reason, "not to be asked about")
            return
        yield TriggerEvent({"status": "success", "resource": wait.resource})

    async def on_kill(self) -> None:
        """A person has marked the waiting task failed, or cleared it."""
        if self.stop_on_kill:
            await asyncio.to_thread(stop_solution_version, self.hook(), self.stop_on_kill)

    def hook(self) -> PersonalizeHook:
        return PersonalizeHook(
            aws_conn_id=self.aws_conn_id,
            region_name=self.region_name,
            verify=self.verify,
            config=self.botocore_config,
        )


def _failure(message: str, resource: str, reason: str, status: str) -> TriggerEvent:
    return TriggerEvent(
        {
            "status": "error",
            "message": message,
            "resource": resource,
            "reason": reason,
            "failed_status": status,
        }
    )


class PersonalizePauseTrigger(BaseTrigger):
    """Wait some seconds: for room in the service's quota of pending jobs, or for a resource that is changing.

    :param seconds: How long.
    :param number: How many such waits the task has behind it, this one included. The event carries it on.
    """

    def __init__(self, seconds: float, number: int = 1) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's has no annotations
        self.seconds = seconds
        self.number = number

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "seconds": self.seconds,
            "number": self.number,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.sleep(self.seconds)
        yield TriggerEvent({"status": "success", "waited": self.number})


def stop_solution_version(hook: PersonalizeHook, arn: str) -> None:
    """Stop a training; one that is no longer running is left alone."""
    client: Any = hook.conn
    try:
        client.stop_solution_version_creation(solutionVersionArn=arn)
        hook.log.info("Asked Amazon Personalize to stop %s", arn)
    except (
        client.exceptions.InvalidInputException,
        client.exceptions.ResourceInUseException,
        client.exceptions.ResourceNotFoundException,
    ) as error:
        hook.log.info("%s was not stopped: %s", arn, error)
