"""Data deletion jobs: users who must be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import arn_of
from airflow_personalize.operators.job_base import PersonalizeJobOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDataDeletionJobOperator(PersonalizeJobOperator):
    """
    Delete all references to users from the datasets of a group, exactly once for a run.

    Models that were trained before go on knowing these users: train anew afterwards.

    :param dataset_group_arn: ARN of the dataset group. (templated)
    :param data_location: ``s3://`` path of a CSV with a ``USER_ID`` column, or of a folder of them. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to read them. (templated)
    :param create_kwargs: Further arguments of ``CreateDataDeletionJob``, e.g. ``tags``. (templated)
    """

    waiter = "data_deletion_job_complete"
    argument = "dataDeletionJobArn"
    subject = ("dataset_group_arn", "data_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_group_arn", "data_location", "role_arn", "create_kwargs"
    )

    def __init__(
        self, *, dataset_group_arn: str, data_location: str, role_arn: str,
        create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.dataset_group_arn = dataset_group_arn
        self.data_location = data_location
        self.role_arn = role_arn
        self.create_kwargs = create_kwargs

    def create(self, name: str) -> str:
        return self.change.create_data_deletion_job(
            jobName=name,
            datasetGroupArn=self.dataset_group_arn,
            dataSource={"dataLocation": self.data_location},
            roleArn=self.hook.expand_role(self.role_arn),
            **(self.create_kwargs or {}),
        )["dataDeletionJobArn"]

    def find(self, name: str, context: Context) -> str | None:
        arn = arn_of(self.dataset_group_arn, "data-deletion-job", name)
        return arn if self.describe("data_deletion_job", dataDeletionJobArn=arn) else None
