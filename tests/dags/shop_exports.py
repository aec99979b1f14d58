"""A product database with events, S3 without a network, and the tasks of a DAG run one by one."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws

from tests.support.postgres import postgres, run_sql

__all__ = ["executed", "items_of", "postgres", "run_sql", "shop"]


@pytest.fixture
def shop(postgres, run_sql, monkeypatch):
    """A product database with 3,000 events over two days, each of them twice, and S3."""
    run_sql(
        "DROP TABLE IF EXISTS events; CREATE TABLE events AS SELECT n % 40 AS customer_id, n AS product_id, "
        "'view' AS kind, NULL::smallint AS stars, timestamptz '2026-01-01' + n * interval '57.6 s' AS happened_at "
        "FROM generate_series(0, 2999) AS n, generate_series(1, 2)"
    )
    socket = dict(part.split("=") for part in postgres.split())["host"]
    database = {"conn_type": "postgres", "login": "postgres", "schema": "postgres", "host": socket}
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps(database))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="encore-shop")
        yield client


def executed(dag, operator):
    """Render and execute, as mapped and other operators are."""
    context = {"run_id": "r", "outlet_events": {outlet: Event() for outlet in operator.outlets}}
    operator._do_render_template_fields(
        operator, operator.template_fields, context, dag.get_template_env(), set()
    )
    return json.loads(json.dumps(operator.execute(context))), context["outlet_events"]


class Event:
    extra = None


def items_of(shop, day):
    def get(key):
        return shop.get_object(Bucket="encore-shop", Key=key)["Body"].read().decode()

    files = json.loads(get(f"shop/interactions/dt={day}/_manifest.json"))["files"]
    return [int(line.split(",")[1]) for file in files for line in get(file["key"]).splitlines()[1:]]
