"""Which SQL a database speaks: the type of its Airflow connection -> sqlglot's name of the dialect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

DIALECTS: Mapping[str, str] = {
    "athena": "athena",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "databricks": "databricks",
    "drill": "drill",
    "duckdb": "duckdb",
    "exasol": "exasol",
    "gcpbigquery": "bigquery",
    "hive_cli": "hive",
    "hiveserver2": "hive",
    "mariadb": "mysql",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "postgresql": "postgres",
    "presto": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sqlite": "sqlite",
    "teradata": "teradata",
    "trino": "trino",
    "vertica": "postgres",
}


def dialect_of(conn_type: str | None) -> str | None:
    """None where nothing is known about the type."""
    name = (conn_type or "").lower().partition("+")[0].replace("-", "_")
    return DIALECTS.get(name)


def dialect_of_environment(conn_id: str, environment: Mapping[str, str]) -> str | None:
    """The dialect of a connection that is defined in the environment, as URI or as JSON, without Airflow."""
    defined = environment.get(f"AIRFLOW_CONN_{conn_id.upper()}", "").strip()
    if not defined.startswith("{"):
        return dialect_of(urlsplit(defined).scheme) if defined else None
    try:
        return dialect_of(str(json.loads(defined).get("conn_type")))
    except ValueError:
        return None
