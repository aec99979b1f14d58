"""The service's own import takes what the export wrote out of a dirty table."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

import boto3
import pytest

from airflow_personalize.export.exporter import Export
from airflow_personalize.export.manifest import DatasetLocation
from airflow_personalize.export.partitions import Partition
from airflow_personalize.export.read.sources import PostgresSource
from airflow_personalize.export.snapshot import create_snapshot

KEYS = {"aws_access_key_id": "testkey", "aws_secret_access_key": "testsecret", "region_name": "us-east-1"}
DIRTY = """
SELECT CASE n % 50 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN repeat('x', 300) ELSE 'u' || n % 40 END AS
  user_id, n % 77 AS item_id,
  CASE n % 31 WHEN 0 THEN E'a\\nb' WHEN 1 THEN 'with, comma' WHEN 2 THEN 'a "quote"' ELSE 'view' END AS event_type,
  CASE n % 13 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN NULL ELSE n / 8.0 END AS event_value,
  CASE n % 17 WHEN 0 THEN '|' WHEN 1 THEN 'a|b' WHEN 2 THEN '' WHEN 3 THEN '=1+1' WHEN 4 THEN 'naïve 漢' END AS
  device, CASE n % 41 WHEN 0 THEN 0 WHEN 1 THEN 1767225600000 ELSE 1767225600 + n END AS timestamp
FROM generate_series(1, 4000) AS n
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A running localpersonalize; boto3 clients of it by name."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("service")
    environment = {
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "PATH": "/usr/bin:/bin",
    }
    options = ["--host", "127.0.0.1", "--port", str(port), "--data-dir", str(folder / "data")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "localpersonalize", *options], env=environment, stdout=log, stderr=log
        )
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield lambda name: boto3.client(name, endpoint_url=f"http://127.0.0.1:{port}", **KEYS)
    process.terminate()
    process.wait()


def finished(describe, key):
    """Wait for a resource's end; its description."""
    for _ in range(300):
        description = describe()[key]
        if description["status"] in {"ACTIVE", "CREATE FAILED"}:
            return description
        time.sleep(0.1)
    raise AssertionError(description)


def role(service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
    trust["Statement"][0]["Principal"] = {"Service": "personalize.amazonaws.com"}
    iam = service("iam")
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allow]}
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
    return arn


def allow_the_service_to_read(s3):
    principal = {"Service": "personalize.amazonaws.com"}
    resources = ["arn:aws:s3:::lake", "arn:aws:s3:::lake/*"]
    allow = {"Effect": "Allow", "Principal": principal, "Action": ["s3:GetObject", "s3:ListBucket"]}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": resources}]}
    s3.put_bucket_policy(Bucket="lake", Policy=json.dumps(policy))


def test_the_service_imports_what_was_written(service, postgres, interactions_schema):
    s3, personalize = service("s3"), service("personalize")
    s3.create_bucket(Bucket="lake")
    allow_the_service_to_read(s3)
    location = DatasetLocation("lake", "encore", "interactions")
    export = Export(PostgresSource(postgres), s3, location, interactions_schema, rejected_limit=1)
    summary = export.run(DIRTY, Partition("2026-01-01"))
    assert summary.rows_read == 4_000
    assert len(summary.rejected) == 7
    group = personalize.create_dataset_group(name="shop")["datasetGroupArn"]
    finished(lambda: personalize.describe_dataset_group(datasetGroupArn=group), "datasetGroup")
    schema = personalize.create_schema(name="events", schema=interactions_schema.text)["schemaArn"]
    dataset = personalize.create_dataset(
        name="events", schemaArn=schema, datasetGroupArn=group, datasetType="Interactions"
    )["datasetArn"]
    finished(lambda: personalize.describe_dataset(datasetArn=dataset), "dataset")

    job = personalize.create_dataset_import_job(
        jobName="nightly",
        datasetArn=dataset,
        dataSource={"dataLocation": create_snapshot(s3, location, "run").location},
        roleArn=role(service),
        importMode="FULL",
    )["datasetImportJobArn"]
    description = finished(
        lambda: personalize.describe_dataset_import_job(datasetImportJobArn=job), "datasetImportJob"
    )

    assert description.get("failureReason") is None
    assert description["status"] == "ACTIVE"
