"""Waits for a batch segment job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeBatchSegmentJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch segment job has written its segments.

    :param batch_segment_job_arn: ARN of the batch segment job. (templated)
    """

    waiter, argument, parameter = "batch_segment_job_complete", "batchSegmentJobArn", "batch_segment_job_arn"
    template_fields: Sequence[str] = aws_template_fields("batch_segment_job_arn")

    def __init__(self, *, batch_segment_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_segment_job_arn = batch_segment_job_arn
