"""Dataset import jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize import lineage
from airflow_personalize.operators.base import prune_dict
from airflow_personalize.operators.job_base import PersonalizeJobOperator


class PersonalizeCreateDatasetImportJobOperator(PersonalizeJobOperator):
    """
    Import data from Amazon S3 into a dataset, exactly once for a run.

    :param dataset_arn: ARN of the dataset. (templated)
    :param data_location: ``s3://`` path of a CSV file, or of a folder of them. (templated)
    :param role_arn: Name or ARN of the role that Personalize takes to read the data. (templated)
    :param import_mode: ``FULL`` (replace what was imported in bulk) or ``INCREMENTAL``. (templated)
    :param publish_metrics: Whether to publish attributed metrics to Amazon S3.
    """

    kind = "dataset_import_job"
    subject = ("dataset_arn", "data_location")
    template_fields: Sequence[str] = aws_template_fields(
        "dataset_arn", "data_location", "role_arn", "import_mode", "create_kwargs"
    )

    def __init__(
        self,
        *,
        dataset_arn: str,
        data_location: str,
        role_arn: str,
        import_mode: str = "FULL",
        publish_metrics: bool | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset_arn = dataset_arn
        self.data_location = data_location
        self.role_arn = role_arn
        self.import_mode = import_mode
        self.publish_metrics = publish_metrics

    def create(self, name: str) -> str:
        response = self.non_retrying_client.create_dataset_import_job(
            jobName=name,
            datasetArn=self.dataset_arn,
            dataSource={"dataLocation": self.data_location},
            roleArn=self.hook.expand_role(self.role_arn),
            importMode=self.import_mode,
            **prune_dict(publishAttributionMetricsToS3=self.publish_metrics),
            **(self.create_kwargs or {}),
        )
        return str(response[self.member])

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """From the folder to the service's dataset. Called by Airflow's OpenLineage provider, if it is there."""
        return lineage.lineage([lineage.of_s3(self.data_location)], [lineage.of_arn(self.dataset_arn)])
