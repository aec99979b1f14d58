"""Airflow connections as sources."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from airflow_personalize.export.read.sources import DbApiSource, PostgresSource
from airflow_personalize.transfers.sql_source import conninfo_of, source_of


def test_connection_strings_of_airflow_connections(monkeypatch):
    connection = SimpleNamespace(
        host="/run/pg",
        port=None,
        login="me",
        password="it's",
        schema="shop",
        extra_dejson={"sslmode": "require", "iam": False},
    )

    assert conninfo_of(connection) == r"host=/run/pg user=me password=it\'s dbname=shop sslmode=require"


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        ({"conn_type": "postgres", "host": "db", "schema": "shop"}, PostgresSource),
        ({"conn_type": "sqlite", "host": "shop.db"}, DbApiSource),
        ({"conn_type": "postgres", "host": "db", "extra": {"iam": True}}, DbApiSource),
    ],
)
def test_postgresql_is_read_through_adbc_unless_its_hook_must_sign_in(monkeypatch, connection, kind):
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps(connection))

    assert isinstance(source_of("product_db"), kind)


def test_a_connection_that_is_no_database_is_named(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_PRODUCT_DB", json.dumps({"conn_type": "aws"}))

    with pytest.raises(TypeError, match="connection 'product_db' of type 'aws' is no database"):
        source_of("product_db")
