"""Dataset export jobs: what the service holds, written to Amazon S3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import prune_dict
from airflow_personalize.operators.job_base import PersonalizeJobOperator


class PersonalizeCreateDatasetExportJobOperator(PersonalizeJobOperator):
    """
    Export a dataset to Amazon S3, exactly once for a run.

    :param dataset_arn: ARN of the dataset. (templated)
    :param output_location: ``s3://`` path of the folder to write to. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to write there. (templated)
    :param ingestion_mode: ``BULK`` (imported by jobs), ``PUT`` (events and single records) or ``ALL``. (templated)
    :param kms_key_arn: Key to encrypt the output with. (templated)
    """

    kind = "dataset_export_job"
    subject = ("dataset_arn", "output_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_arn", "output_location", "role_arn", "ingestion_mode", "kms_key_arn", "create_kwargs"
    )

    def __init__(
        self,
        *,
        dataset_arn: str,
        output_location: str,
        role_arn: str,
        ingestion_mode: str = "PUT",
        kms_key_arn: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn
        self.output_location = output_location
        self.role_arn = role_arn
        self.ingestion_mode = ingestion_mode
        self.kms_key_arn = kms_key_arn

    def create(self, name: str) -> str:
        destination = {"path": self.output_location, **prune_dict(kmsKeyArn=self.kms_key_arn)}
        response = self.non_retrying_client.create_dataset_export_job(
            jobName=name,
            datasetArn=self.dataset_arn,
            ingestionMode=self.ingestion_mode,
            roleArn=self.hook.expand_role(self.role_arn),
            jobOutput={"s3DataDestination": destination},
            **(self.create_kwargs or {}),
        )
        return str(response[self.member])
