"""Waits for a metric attribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeMetricAttributionSensor(PersonalizeBaseSensor):
    """
    Wait until a metric attribution is active.

    :param metric_attribution_arn: ARN of the metric attribution. (templated)
    """

    waiter, argument, parameter = (
        "metric_attribution_active",
        "metricAttributionArn",
        "metric_attribution_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("metric_attribution_arn")

    def __init__(self, *, metric_attribution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metric_attribution_arn = metric_attribution_arn
