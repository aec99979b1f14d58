"""Waits for a dataset group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetGroupSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset group is active.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    waiter, argument, parameter = "dataset_group_active", "datasetGroupArn", "dataset_group_arn"
    template_fields: Sequence[str] = aws_template_fields("dataset_group_arn")

    def __init__(self, *, dataset_group_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn
