"""Waits for a data deletion job."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDataDeletionJobSensor(PersonalizeBaseSensor):
    """
    Wait until a data deletion job has deleted its users.

    :param data_deletion_job_arn: ARN of the data deletion job. (templated)
    """

    kind = "data_deletion_job"
    waiter = "data_deletion_job_complete"
