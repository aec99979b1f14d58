"""Waits for a dataset group."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetGroupSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset group is active.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    kind = "dataset_group"
    waiter = "dataset_group_active"
