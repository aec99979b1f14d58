"""Waits for a filter."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeFilterSensor(PersonalizeBaseSensor):
    """
    Wait until a filter is active.

    :param filter_arn: ARN of the filter. (templated)
    """

    kind = "filter"
    waiter = "filter_active"
