"""What all sensors of Amazon Personalize share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.amazon.aws.sensors.base_aws import AwsBaseSensor
from airflow.providers.common.compat.sdk import conf

from airflow_personalize.arns import ArnParameterMixin
from airflow_personalize.exceptions import PersonalizeError
from airflow_personalize.hooks import PersonalizeHook
from airflow_personalize.links import PersonalizeResourceLink
from airflow_personalize.triggers import PersonalizeWaitTrigger
from airflow_personalize.waiter import Outcome, Progress, Wait

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeBaseSensor(ArnParameterMixin, AwsBaseSensor[PersonalizeHook]):
    """
    Wait for a state of a resource: success and failure are declared, any other state is an error.

    A sensor of its own says its `kind`, which names the parameter for the ARN, and its `waiter`.

    :param deferrable: Whether to wait in the triggerer, without a worker slot
        (default: ``[operators] default_deferrable``).
    :param poke_interval: Seconds between two polls; deferred, pauses begin short and grow up to it. (default: 120)
    :param max_retries: Number of polls of a deferred sensor after which it fails. (default: 720)
    :param aws_conn_id: The Airflow connection used for AWS credentials.
    :param region_name: AWS region_name. If not specified then the default boto3 behaviour is used.
    :param verify: Whether or not to verify SSL certificates.
    :param botocore_config: Configuration dictionary (key-values) for botocore client.
    """

    waiter: ClassVar[str]

    aws_hook_class = PersonalizeHook
    operator_extra_links = (PersonalizeResourceLink(),)
    ui_color = "#d5ebe4"

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float = 120,
        max_retries: int = 720,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.deferrable = deferrable
        self.max_retries = max_retries
        self._progress: Progress | None = None

    def wait(self) -> Wait:
        return Wait(self.waiter, {self.member: self.arn}, self.poke_interval, self.max_retries)

    def execute(self, context: Context) -> Any:
        PersonalizeResourceLink.persist(context, self, self.arn)
        if not self.deferrable:
            super().execute(context)
            return self.arn
        wait = self.wait()
        if not self._is_ready(wait, wait.poll_briefly(self.hook.conn)):
            self.defer(
                trigger=PersonalizeWaitTrigger(
                    waiter=wait.waiter,
                    arguments=dict(wait.arguments),
                    waiter_delay=wait.delay,
                    waiter_max_attempts=wait.max_attempts,
                    aws_conn_id=self.aws_conn_id,
                    region_name=self.region_name,
                    verify=self.verify,
                    botocore_config=self.botocore_config,
                ),
                method_name="execute_complete",
                timeout=timedelta(seconds=self.timeout),
            )
        return self.arn

    def poke(self, context: Context) -> bool:
        """
        :raises PersonalizeError: if the resource has failed, or is in a state that nobody declared.
        """
        wait = self.wait()
        return self._is_ready(wait, wait.poll(self.hook.conn))

    def _is_ready(self, wait: Wait, outcome: Outcome) -> bool:
        self._progress = self._progress or Progress(self.arn, self.log)
        self._progress.update(outcome)
        return outcome.state != "retry" and wait.ensure_success(outcome).state == "success"

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Resume after a deferred wait.

        :raises PersonalizeError: on any event that is not a success.
        """
        event = event or {}
        if event.get("status") != "success":
            status = str(event.get("failed_status", "in an unknown state"))
            raise PersonalizeError(str(event.get("resource", self.arn)), status, event.get("reason", ""))
        return self.arn
