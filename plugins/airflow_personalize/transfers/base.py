"""What the transfers share: S3 as their AWS settings say, and where a dataset's files are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.operators.base_aws import AwsBaseOperator
from airflow.providers.amazon.aws.utils.mixins import aws_template_fields

from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.s3 import S3Mixin


class PersonalizeTransferOperator(S3Mixin, AwsBaseOperator[S3Hook]):
    """
    Base of the operators that read or write the files of Amazon Personalize in S3.

    :param aws_conn_id: The Airflow connection used for AWS credentials.
    :param region_name: AWS region_name. If not specified then the default boto3 behaviour is used.
    :param verify: Whether or not to verify SSL certificates.
    :param botocore_config: Configuration dictionary (key-values) for botocore client.
    """

    aws_hook_class = S3Hook
    ui_color = "#e6f4ea"


class PersonalizeDatasetTransferOperator(PersonalizeTransferOperator):
    """
    Base of the operators that work on the exported files of one dataset.

    :param dataset: the dataset's folder: interactions, users or items (templated)
    :param bucket: the bucket (templated)
    :param prefix: the key prefix below which datasets have their folders (templated)
    """

    template_fields: Sequence[str] = aws_template_fields("dataset", "bucket", "prefix")

    def __init__(self, *, dataset: str, bucket: str, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.bucket = bucket
        self.prefix = prefix

    @property
    def location(self) -> DatasetLocation:
        return DatasetLocation(self.bucket, self.prefix, self.dataset)
