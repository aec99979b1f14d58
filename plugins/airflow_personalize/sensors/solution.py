"""Waits for a solution."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeSolutionSensor(PersonalizeBaseSensor):
    """
    Wait until a solution is active.

    :param solution_arn: ARN of the solution. (templated)
    """

    kind = "solution"
    waiter = "solution_active"
