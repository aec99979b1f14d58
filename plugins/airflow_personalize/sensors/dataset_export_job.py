"""Waits for a dataset export job."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetExportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset export job has written its files.

    :param dataset_export_job_arn: ARN of the dataset export job. (templated)
    """

    kind = "dataset_export_job"
    waiter = "dataset_export_job_complete"
