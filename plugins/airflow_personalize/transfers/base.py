"""What every operator on an exported dataset knows: where it is, and how to reach S3."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator

from airflow_personalize.export.manifest import DatasetLocation


class ExportedDatasetOperator(BaseOperator):
    """A dataset's folder in S3, and the connection to it.

    :param dataset: the dataset's folder: interactions, users or items (templated)
    :param bucket: the bucket (templated)
    :param prefix: the key prefix below which datasets have their folders (templated)
    """

    def __init__(
        self,
        *,
        dataset: str,
        bucket: str,
        prefix: str,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.bucket = bucket
        self.prefix = prefix
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify

    @property
    def place(self) -> DatasetLocation:
        return DatasetLocation(self.bucket, self.prefix, self.dataset)
