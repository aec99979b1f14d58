"""Waits for a dataset import job."""

from airflow_personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetImportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset import job has imported its data.

    :param dataset_import_job_arn: ARN of the dataset import job. (templated)
    """

    kind = "dataset_import_job"
    waiter = "dataset_import_job_complete"
