"""Waits for a solution version."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeSolutionVersionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution version is trained.

    :param solution_version_arn: ARN of the solution version. (templated)
    """

    kind = "solution_version"
    waiter = "solution_version_complete"
