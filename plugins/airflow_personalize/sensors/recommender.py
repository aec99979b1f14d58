"""Waits for a recommender."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeRecommenderSensor(PersonalizeBaseSensor):
    """
    Wait until a recommender is active.

    :param recommender_arn: ARN of the recommender. (templated)
    """

    waiter, argument, parameter = "recommender_active", "recommenderArn", "recommender_arn"
    template_fields: Sequence[str] = aws_template_fields("recommender_arn")

    def __init__(self, *, recommender_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.recommender_arn = recommender_arn
