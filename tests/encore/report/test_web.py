"""The report's tab in Airflow."""

from __future__ import annotations

import json

import boto3
import pytest
from fastapi import HTTPException
from moto import mock_aws

from encore.report import web


@pytest.fixture
def bucket(monkeypatch):
    extra = {"region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "x", "password": "y", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        client.create_bucket(Bucket="encore-shop")
        yield client


def test_the_tab_shows_what_the_last_run_has_drawn(bucket):
    assert "No run has been recorded" in web.report_of("retrain_recommenders")
    bucket.put_object(Bucket="encore-shop", Key="shop/history/report.html", Body=b"<h1>shop</h1>")
    assert web.report_of("retrain_recommenders") == "<h1>shop</h1>"
    assert web.report_of("export_interactions") == "<h1>shop</h1>"


def test_a_dag_of_somebody_else_has_none(bucket):
    with pytest.raises(HTTPException, match="no DAG of the pipeline file"):
        web.report_of("their_dag")
