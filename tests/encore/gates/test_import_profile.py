"""What an import is about to read, as the exporter writes it."""

from __future__ import annotations

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws

from airflow_personalize.export.write.csv_format import encode, header
from encore.gates.import_profile import ids


@pytest.fixture
def s3(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "-")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", "us-east-1")
        client.create_bucket(Bucket="lake")
        yield client


def test_ids_are_read_as_they_were_written_whatever_is_in_them(s3):
    names = ['say "no"', "back\\slash", "a,b", 'ends\\"', "plain"]
    batch = pa.RecordBatch.from_arrays([pa.array(names), pa.array(range(5))], names=["ITEM_ID", "YEAR"])
    body = header(batch.schema.names) + encode(batch).to_pybytes()
    s3.put_object(Bucket="lake", Key="items/new.csv", Body=body)
    s3.put_object(Bucket="lake", Key="items/old.csv", Body=b'ITEM_ID,YEAR\n"of ""before""",1\n')

    assert sorted(ids(s3, "s3://lake/items/", "item_id").to_pylist()) == sorted([*names, 'of "before"'])
