"""The arguments of every export of a group's dataset: where to write, what to read, what it must look like."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset

from encore.config import DatasetGroup, DatasetType


def target(group: DatasetGroup, kind: DatasetType) -> dict[str, Any]:
    """Where the partitions are written."""
    return {
        "dataset": kind,
        "bucket": group.bucket,
        "prefix": group.prefix,
        "aws_conn_id": group.aws_conn_id,
        "rejected_limit": group.datasets[kind].rejected_limit,
    }


def query(group: DatasetGroup, kind: DatasetType) -> dict[str, Any]:
    """What is read from the product database, and what it must look like."""
    settings = group.datasets[kind]
    return {
        "sql": settings.sql,
        "schema": settings.avro_schema,
        "contract": settings.contract,
        "row_id": settings.row_id,
        "conn_id": group.product_db,
    }


def exported(group: DatasetGroup, kind: DatasetType) -> Asset:
    """The asset of a dataset's exported partitions."""
    return Asset(name=f"{group.name}_{kind}", uri=group.dataset_uri(kind))
