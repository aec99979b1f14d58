"""Connections say which SQL their database speaks."""

from __future__ import annotations

import pytest
from sqlglot.dialects.dialect import Dialect

from airflow_personalize.export.read.dialects import DIALECTS, dialect_of, dialect_of_environment


@pytest.mark.parametrize("name", sorted(set(DIALECTS.values())))
def test_the_dialects_are_sqlglots(name):
    assert Dialect.get_or_raise(name).tokenize("SELECT 1")


@pytest.mark.parametrize(
    ("defined", "dialect"),
    [
        ("postgresql+psycopg2://me:secret@db/shop", "postgres"),
        ("mysql://me@db/shop?charset=utf8mb4", "mysql"),
        ('{"conn_type": "sqlite", "host": "shop.db"}', "sqlite"),
        ('{"conn_type": "nothing-known"}', None),
        ("{broken", None),
        ("", None),
    ],
)
def test_a_connection_of_the_environment_names_its_dialect(defined, dialect):
    assert dialect_of_environment("product_db", {"AIRFLOW_CONN_PRODUCT_DB": defined}) == dialect


def test_an_unknown_connection_has_none():
    assert dialect_of_environment("product_db", {}) is None
    assert dialect_of(None) is None
