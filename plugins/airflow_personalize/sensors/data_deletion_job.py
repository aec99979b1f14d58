"""Waits for a data deletion job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDataDeletionJobSensor(PersonalizeBaseSensor):
    """
    Wait until a data deletion job has deleted its users.

    :param data_deletion_job_arn: ARN of the data deletion job. (templated)
    """

    waiter, argument, parameter = "data_deletion_job_complete", "dataDeletionJobArn", "data_deletion_job_arn"
    template_fields: Sequence[str] = aws_template_fields("data_deletion_job_arn")

    def __init__(self, *, data_deletion_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_deletion_job_arn = data_deletion_job_arn
