"""Sensors for datasets and the jobs that fill, read and clean them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from personalize.sensors.base import PersonalizeBaseSensor


class PersonalizeDatasetGroupSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset group is active.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    """

    waiter, argument, parameter = "dataset_group_active", "datasetGroupArn", "dataset_group_arn"
    template_fields: Sequence[str] = aws_template_fields("dataset_group_arn")

    def __init__(self, *, dataset_group_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn


class PersonalizeDatasetSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset is active.

    :param dataset_arn: ARN of the dataset. (templated)
    """

    waiter, argument, parameter = "dataset_active", "datasetArn", "dataset_arn"
    template_fields: Sequence[str] = aws_template_fields("dataset_arn")

    def __init__(self, *, dataset_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn


class PersonalizeDatasetImportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset import job has imported its data.

    :param dataset_import_job_arn: ARN of the dataset import job. (templated)
    """

    waiter, argument, parameter = (
        "dataset_import_job_complete",
        "datasetImportJobArn",
        "dataset_import_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("dataset_import_job_arn")

    def __init__(self, *, dataset_import_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_import_job_arn = dataset_import_job_arn


class PersonalizeDatasetExportJobSensor(PersonalizeBaseSensor):
    """
    Wait until a dataset export job has written its files.

    :param dataset_export_job_arn: ARN of the dataset export job. (templated)
    """

    waiter, argument, parameter = (
        "dataset_export_job_complete",
        "datasetExportJobArn",
        "dataset_export_job_arn",
    )
    template_fields: Sequence[str] = aws_template_fields("dataset_export_job_arn")

    def __init__(self, *, dataset_export_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset_export_job_arn = dataset_export_job_arn


class PersonalizeDataDeletionJobSensor(PersonalizeBaseSensor):
    """
    Wait until a data deletion job has deleted its users.

    :param data_deletion_job_arn: ARN of the data deletion job. (templated)
    """

    waiter, argument, parameter = "data_deletion_job_complete", "dataDeletionJobArn", "data_deletion_job_arn"
    template_fields: Sequence[str] = aws_template_fields("data_deletion_job_arn")

    def __init__(self, *, data_deletion_job_arn: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_deletion_job_arn = data_deletion_job_arn
