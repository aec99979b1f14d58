"""The report's tab in Airflow."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import boto3
import pytest
from fastapi import HTTPException
from moto import mock_aws

from encore import web

PLUGIN = Path(web.__file__).parents[2] / "encore_report.py"


@pytest.fixture
def bucket(monkeypatch):
    extra = {"region_name": "us-east-1"}
    connection = {"conn_type": "aws", "login": "x", "password": "y", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
        client.create_bucket(Bucket="encore-shop")
        yield client


def test_the_tab_shows_what_the_last_night_has_drawn(bucket):
    assert "No night has been recorded" in web.report_of("retrain_recommenders")
    bucket.put_object(Bucket="encore-shop", Key="shop/history/report.html", Body=b"<h1>shop</h1>")
    assert web.report_of("retrain_recommenders") == "<h1>shop</h1>"
    assert web.report_of("export_interactions") == "<h1>shop</h1>"


def test_a_dag_of_somebody_else_has_none(bucket):
    with pytest.raises(HTTPException, match="no DAG of the pipeline file"):
        web.report_of("their_dag")


def test_the_plugin_adds_the_tab_to_dags_and_runs_without_loading_the_app():
    spec = importlib.util.spec_from_file_location("encore_report_under_test", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("encore.web", None)
    spec.loader.exec_module(module)
    plugin = module.EncoreReportPlugin()
    assert [view["destination"] for view in plugin.external_views] == ["dag", "dag_run"]
    assert all(view["href"] == "/encore/report/{DAG_ID}" for view in plugin.external_views)
    assert "encore.web" not in sys.modules
