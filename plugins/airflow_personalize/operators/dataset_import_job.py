"""Dataset import jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.operators.base import arn_of, given
from airflow_personalize.operators.job_base import PersonalizeJobOperator

if TYPE_CHECKING:
    from airflow.sdk import Context


class PersonalizeCreateDatasetImportJobOperator(PersonalizeJobOperator):
    """
    Import data from Amazon S3 into a dataset, exactly once for a run.

    :param dataset_arn: ARN of the dataset. (templated)
    :param data_location: ``s3://`` path of a CSV file, or of a folder of them. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to read the data. (templated)
    :param import_mode: ``FULL`` (replace what was imported in bulk) or ``INCREMENTAL``. (templated)
    :param publish_metrics: Whether to publish attributed metrics to Amazon S3.
    :param create_kwargs: Further arguments of ``CreateDatasetImportJob``, e.g. ``tags``. (templated)
    """

    waiter = "dataset_import_job_complete"
    argument = "datasetImportJobArn"
    subject = ("dataset_arn", "data_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_arn", "data_location", "role_arn", "import_mode", "create_kwargs"
    )

    def __init__(
        self, *, dataset_arn: str, data_location: str, role_arn: str, import_mode: str = "FULL",
        publish_metrics: bool | None = None, create_kwargs: dict[str, Any] | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn
        self.data_location = data_location
        self.role_arn = role_arn
        self.import_mode = import_mode
        self.publish_metrics = publish_metrics
        self.create_kwargs = create_kwargs

    def create(self, name: str) -> str:
        return self.change.create_dataset_import_job(
            jobName=name,
            datasetArn=self.dataset_arn,
            dataSource={"dataLocation": self.data_location},
            roleArn=self.hook.expand_role(self.role_arn),
            importMode=self.import_mode,
            **given(publishAttributionMetricsToS3=self.publish_metrics),
            **(self.create_kwargs or {}),
        )["datasetImportJobArn"]

    def find(self, name: str, context: Context) -> str | None:
        arn = arn_of(self.dataset_arn, "dataset-import-job", name)
        return arn if self.describe("dataset_import_job", datasetImportJobArn=arn) else None
