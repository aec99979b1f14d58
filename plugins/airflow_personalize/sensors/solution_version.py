"""Waits for a solution version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeSolutionVersionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution version is trained.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    waiter, argument, parameter = "solution_version_complete", "solutionVersionArn", "solution_version_arn"
    template_fields: Sequence[str] = aws_template_fields("solution_version_arn")

    def __init__(self, *, solution_version_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.solution_version_arn = solution_version_arn
