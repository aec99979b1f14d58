"""Waits for a filter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeFilterSensor(PersonalizeBaseSensor):
    """
    Wait until a filter is active.

    :param filter_arn: ARN of the filter. (templated)
    """

    waiter, argument, parameter = "filter_active", "filterArn", "filter_arn"
    template_fields: Sequence[str] = aws_template_fields("filter_arn")

    def __init__(self, *, filter_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.filter_arn = filter_arn
