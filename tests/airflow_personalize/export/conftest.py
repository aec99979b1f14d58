"""What the export tests share: an S3 (moto) in the process, small schemas, and a PostgreSQL of their own."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.schema.avro import parse_schema
from tests.support.postgres import postgres, run_sql

__all__ = ["interactions_schema", "items_schema", "keys", "location", "postgres", "run_sql", "s3", "text_of"]

BUCKET = "lake"
NAMESPACE = "com.amazonaws.personalize.schema"


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def location():
    return DatasetLocation(BUCKET, "encore", "interactions")


@pytest.fixture
def text_of(s3):
    """The content of an object, by its key or its s3:// address."""

    def read(key: str) -> str:
        key = key.removeprefix(f"s3://{BUCKET}/")
        return s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()

    return read


@pytest.fixture
def keys(s3):
    """Every key in the bucket below a prefix."""

    def listed(prefix: str = "") -> list[str]:
        result = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in result]

    return listed


@pytest.fixture(scope="session")
def interactions_schema():
    return parse_schema(
        {
            "type": "record",
            "name": "Interactions",
            "namespace": NAMESPACE,
            "version": "1.0",
            "fields": [
                {"name": "user_id", "type": "string"},
                {"name": "item_id", "type": "string"},
                {"name": "event_type", "type": "string"},
                {"name": "event_value", "type": ["null", "float"]},
                {"name": "device", "type": ["null", "string"], "categorical": True},
                {"name": "timestamp", "type": "long"},
            ],
        }
    )


@pytest.fixture(scope="session")
def items_schema():
    return parse_schema(
        {
            "type": "record",
            "name": "Items",
            "namespace": NAMESPACE,
            "version": "1.0",
            "fields": [
                {"name": "ITEM_ID", "type": "string"},
                {"name": "GENRES", "type": ["null", "string"], "categorical": True},
                {"name": "PRICE", "type": ["null", "double"]},
                {"name": "IN_STOCK", "type": ["null", "boolean"]},
                {"name": "STARS", "type": ["null", "int"]},
                {"name": "DESCRIPTION", "type": ["null", "string"], "textual": True},
                {"name": "CREATION_TIMESTAMP", "type": ["null", "long"]},
            ],
        }
    )
