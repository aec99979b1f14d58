"""Dataset export jobs: what the service holds, written to Amazon S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import arn_of, given
from airflow_personalize.operators.job_base import PersonalizeJobOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetExportJobOperator(PersonalizeJobOperator):
    """
    Export a dataset to Amazon S3, exactly once for a run.

    :param dataset_arn: ARN of the dataset. (templated)
    :param output_location: ``s3://`` path of the folder to write to. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to write there. (templated)
    :param ingestion_mode: ``BULK`` (imported by jobs), ``PUT`` (events and single records) or ``ALL``. (templated)
    :param kms_key_arn: Key to encrypt the output with. (templated)
    :param create_kwargs: Further arguments of ``CreateDatasetExportJob``, e.g. ``tags``. (templated)
    """

    waiter = "dataset_export_job_complete"
    argument = "datasetExportJobArn"
    subject = ("dataset_arn", "output_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_arn", "output_location", "role_arn", "ingestion_mode", "kms_key_arn", "create_kwargs"
    )

    def __init__(
        self, *, dataset_arn: str, output_location: str, role_arn: str, ingestion_mode: str = "PUT",
        kms_key_arn: str | None = None, create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn
        self.output_location = output_location
        self.role_arn = role_arn
        self.ingestion_mode = ingestion_mode
        self.kms_key_arn = kms_key_arn
        self.create_kwargs = create_kwargs

    def create(self, name: str) -> str:
        place = {"path": self.output_location, **given(kmsKeyArn=self.kms_key_arn)}
        return self.change.create_dataset_export_job(
            jobName=name,
            datasetArn=self.dataset_arn,
            ingestionMode=self.ingestion_mode,
            roleArn=self.hook.expand_role(self.role_arn),
            jobOutput={"s3DataDestination": place},
            **(self.create_kwargs or {}),
        )["datasetExportJobArn"]

    def find(self, name: str, context: Context) -> str | None:
        arn = arn_of(self.dataset_arn, "dataset-export-job", name)
        return arn if self.describe("dataset_export_job", datasetExportJobArn=arn) else None
