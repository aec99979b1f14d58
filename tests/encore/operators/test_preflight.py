"""What a run needs is looked for before it begins, and each thing that is missing is named with its cure."""

from __future__ import annotations

import json

import boto3
import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from moto import mock_aws

from encore.config import load_pipeline
from encore.operators.preflight import PersonalizePreflightOperator
from tests.support.postgres import postgres, run_sql

__all__ = ["postgres", "run_sql"]

TABLES = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE events (customer_id int, product_id int, kind text, stars smallint, happened_at timestamptz);
CREATE TABLE products (id int, categories text[], wishlist_count int, published_at timestamptz);
CREATE TABLE customers (id int, born date, gender text, region text, segment text)
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "personalize.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@pytest.fixture
def surroundings(postgres, run_sql, monkeypatch):
    """A database with the shop's tables, its bucket and its role; what is missing is taken away by a test."""
    run_sql(TABLES)
    socket = dict(part.split("=") for part in postgres.split())["host"]
    database = {"conn_type": "postgres", "login": "postgres", "schema": "postgres", "host": socket}
    aws = {"conn_type": "aws", "login": "test", "password": "test", "extra": {"region_name": "us-east-1"}}
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps(database))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(aws))
    with mock_aws():
        keys = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
        s3, iam = boto3.client("s3", **keys), boto3.client("iam", **keys)
        s3.create_bucket(Bucket="encore-shop")
        iam.create_role(RoleName="EncorePersonalizeRole", AssumeRolePolicyDocument=json.dumps(TRUST))

        def change(**parts):
            monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps({**database, **parts}))

        yield s3, iam, change


def preflight(**changes):
    """Look, as the run's task does, templates included."""
    group = load_pipeline().dataset_groups[0]
    queries = {kind: (f"{{% include '{dataset.sql}' %}}") for kind, dataset in group.datasets.items()}
    settings = {**group.model_dump(mode="json", by_alias=True), **changes}
    operator = PersonalizePreflightOperator(task_id="preflight", group=settings, queries=queries)
    from jinja2 import Environment, FileSystemLoader

    from encore.config import INCLUDE

    operator.render_template_fields({}, Environment(loader=FileSystemLoader(INCLUDE)))
    return operator.execute({})


def test_nothing_is_said_where_all_is_in_order(surroundings):
    assert preflight() is None


def test_a_wrong_password_or_host_names_the_connection_and_is_tried_again(surroundings):
    *_, change = surroundings
    change(host="127.0.0.1", port=9, password="not-this-one")
    with pytest.raises(AirflowException) as failed:
        preflight()
    assert not isinstance(failed.value, AirflowFailException)
    assert "connection 'product_db': no connection to its database" in str(failed.value)
    assert "AIRFLOW_CONN_PRODUCT_DB" in str(failed.value)
    assert "not-this-one" not in str(failed.value)


def test_a_connection_that_airflow_does_not_know_is_named(surroundings, monkeypatch):
    with pytest.raises(AirflowException, match=r"connection 'elsewhere': .*AIRFLOW_CONN_ELSEWHERE"):
        preflight(product_db="elsewhere")


def test_everything_that_is_missing_is_named_at_once_and_the_run_ends(surroundings, run_sql):
    s3, iam, _ = surroundings
    run_sql("ALTER TABLE customers DROP COLUMN segment")
    s3.delete_bucket(Bucket="encore-shop")
    iam.delete_role(RoleName="EncorePersonalizeRole")
    with pytest.raises(AirflowFailException) as failed:
        preflight()
    text = str(failed.value)
    assert "sql/users.sql: the database of 'product_db' refuses it: " in text
    assert "segment" in text
    assert "bucket 'encore-shop': create it, or correct its name" in text
    assert "role 'EncorePersonalizeRole' of the pipeline file: there is none; create it" in text
    assert "sql/items.sql" not in text


def test_a_query_without_a_column_of_its_schema_is_named(surroundings):
    datasets = load_pipeline().dataset_groups[0].model_dump(mode="json", by_alias=True)["datasets"]
    datasets["items"] = {**datasets["items"], "schema": "schemas/users.json"}
    with pytest.raises(
        AirflowFailException, match=r"sql/items\.sql: the query of dataset 'items' does not fit its schema"
    ):
        preflight(datasets=datasets)


def test_a_role_that_personalize_cannot_take_is_named(surroundings):
    _, iam, _ = surroundings
    trust = json.dumps(TRUST).replace("personalize", "ec2")
    iam.update_assume_role_policy(RoleName="EncorePersonalizeRole", PolicyDocument=trust)
    with pytest.raises(AirflowFailException, match=r"let it trust personalize\.amazonaws\.com"):
        preflight()


def test_a_role_is_looked_for_by_its_name_also_where_an_arn_is_given(surroundings):
    assert preflight(role="arn:aws:iam::123456789012:role/EncorePersonalizeRole") is None
