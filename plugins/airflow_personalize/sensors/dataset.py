"""Waits for a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset is active.

    :param dataset_arn: ARN of the dataset. (templated)
    """

    waiter, argument, parameter = "dataset_active", "datasetArn", "dataset_arn"
    template_fields: Sequence[str] = aws_template_fields("dataset_arn")

    def __init__(self, *, dataset_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn
