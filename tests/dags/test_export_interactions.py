"""`splits` of the pipeline file: one day shared by mapped tasks, as the export's DAG wires them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from tests.dags.conftest import ROOT
from tests.support.postgres import postgres, run_sql  # noqa: F401

DAY = "2026-01-01"


@pytest.fixture
def split_dag(dags_of):
    """The export's DAG of a pipeline file with further settings for the interactions."""

    def built(**settings):
        found = dags_of(
            lambda groups: groups[0]["datasets"]["interactions"].update(settings),
            ROOT / "dags" / "export_interactions.py",
        )
        return found["export_interactions"]

    return built


@pytest.fixture
def shop(postgres, run_sql, monkeypatch):  # noqa: F811
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


def test_without_splits_one_task_writes_a_day(split_dag):
    assert set(split_dag().task_ids) == {"select_days", "export"}


def test_splits_plan_export_and_commit(split_dag):
    dag = split_dag(splits=3, bounds_sql="sql/interactions.sql")

    assert set(dag.task_ids) == {"select_days", "plan", "export", "commit"}
    plan, export, commit = (dag.get_task(name) for name in ("plan", "export", "commit"))
    assert (plan.upstream_task_ids, export.upstream_task_ids) == ({"select_days"}, {"plan"})
    assert commit.upstream_task_ids == {"export"}
    assert plan.shards == 3
    assert plan.bounds_sql == (ROOT / "include" / "sql" / "interactions.sql").read_text()
    assert [outlet.name for outlet in commit.outlets] == ["shop_interactions"]
    assert not export.partial_kwargs.get("outlets")  # a slice is no new state of the asset


def test_the_slices_of_a_day_are_the_day(split_dag, shop, run_sql):  # noqa: F811
    dag = split_dag(splits=3)
    plan, export, commit = (dag.get_task(name) for name in ("plan", "export", "commit"))
    instants = {
        f"data_interval_{name}": datetime(2026, 1, day, tzinfo=UTC)
        for name, day in (("start", 1), ("end", 2))
    }
    days = dag.get_task("select_days").python_callable(
        params={"from_date": None, "to_date": None}, **instants
    )

    plan.partitions = days
    slices, _ = executed(dag, plan)
    commit.shards = [executed(dag, export.unmap({"partitions": slice_}))[0] for slice_ in slices]
    assert "Contents" not in shop.list_objects_v2(
        Bucket="encore-shop", Prefix=f"shop/interactions/dt={DAY}/_"
    )
    summary, events = executed(dag, commit)

    assert len(slices) == 3
    assert [event.extra["partitions"] for event in events.values()] == [[DAY]]
    [partition] = summary["partitions"]
    bodies = [
        shop.get_object(Bucket="encore-shop", Key=file["key"])["Body"].read().decode()
        for file in partition["files"]
    ]
    items = [int(line.split(",")[1]) for body in bodies for line in body.splitlines()[1:]]
    in_database = run_sql(
        "SELECT DISTINCT product_id FROM events WHERE happened_at < '2026-01-02Z' ORDER BY 1"
    )
    assert sorted(items) == [product for (product,) in in_database]
    assert (summary["rows_written"], summary["distinct_users"]) == (1500, 40)
