"""Waits for a dataset import job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetImportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset import job has imported its data.

    :param dataset_import_job_arn: ARN of the dataset import job. (templated)
    """

    waiter, argument, parameter = (
        "dataset_import_job_complete",
        "datasetImportJobArn",
        "dataset_import_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("dataset_import_job_arn")

    def __init__(self, *, dataset_import_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_import_job_arn = dataset_import_job_arn
