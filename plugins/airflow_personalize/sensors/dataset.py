"""Waits for a dataset."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset is active.

    :param dataset_arn: ARN of the dataset. (templated)
    """

    kind = "dataset"
    waiter = "dataset_active"
