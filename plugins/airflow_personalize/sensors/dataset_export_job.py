"""Waits for a dataset export job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetExportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset export job has written its files.

    :param dataset_export_job_arn: ARN of the dataset export job. (templated)
    """

    waiter, argument, parameter = (
        "dataset_export_job_complete",
        "datasetExportJobArn",
        "dataset_export_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("dataset_export_job_arn")

    def __init__(self, *, dataset_export_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_export_job_arn = dataset_export_job_arn
