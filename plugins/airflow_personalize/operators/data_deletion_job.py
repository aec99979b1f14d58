"""Data deletion jobs: users who must be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.job_base import PersonalizeJobOperator


class PersonalizeCreateDataDeletionJobOperator(PersonalizeJobOperator):
    """
    Delete all references to users from the datasets of a group, exactly once for a run.

    Models that were trained before go on knowing these users: train anew afterwards.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param data_location: ``s3://`` path of a CSV with a ``USER_ID`` column, or of a folder of them. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to read them. (templated)
    """

    kind = "data_deletion_job"
    subject = ("dataset_group_arn", "data_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_group_arn", "data_location", "role_arn", "create_kwargs"
    )

    def __init__(
        self,
        *,
        dataset_group_arn: str,
        data_location: str,
        role_arn: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn
        self.data_location = data_location
        self.role_arn = role_arn

    def create(self, name: str) -> str:
        response = self.non_retrying_client.create_data_deletion_job(
            jobName=name,
            datasetGroupArn=self.dataset_group_arn,
            dataSource={"dataLocation": self.data_location},
            roleArn=self.hook.expand_role(self.role_arn),
            **(self.create_kwargs or {}),
        )
        return str(response[self.member])
