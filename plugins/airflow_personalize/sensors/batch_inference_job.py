"""Waits for a batch inference job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeBatchInferenceJobSensor(PersonalizeBaseSensor):
    """
    Wait until a batch inference job has written its answers.

    :param batch_inference_job_arn: ARN of the batch inference job. (templated)
    """

    waiter, argument, parameter = (
        "batch_inference_job_complete",
        "batchInferenceJobArn",
        "batch_inference_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("batch_inference_job_arn")

    def __init__(self, *, batch_inference_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_inference_job_arn = batch_inference_job_arn
