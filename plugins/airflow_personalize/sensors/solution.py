"""Waits for a solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeSolutionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution is active.

    :param solution_arn: ARN of the solution. (templated)
    """

    waiter, argument, parameter = "solution_active", "solutionArn", "solution_arn"
    template_fields: Sequence[str] = aws_template_fields("solution_arn")

    def __init__(self, *, solution_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_arn = solution_arn
