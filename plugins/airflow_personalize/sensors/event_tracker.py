"""Waits for a event tracker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeEventTrackerSensor(PersonalizeBaseSensor):
    """
    Wait until an event tracker is active.

    :param event_tracker_arn: ARN of the event tracker. (templated)
    """

    waiter, argument, parameter = "event_tracker_active", "eventTrackerArn", "event_tracker_arn"
    template_fields: Sequence[str] = aws_template_fields("event_tracker_arn")

    def __init__(self, *, event_tracker_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.event_tracker_arn = event_tracker_arn
