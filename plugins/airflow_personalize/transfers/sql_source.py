"""An Airflow connection as a source of Arrow record batches, and the S3 client that exports use."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.sql.hooks.sql import DbApiHook
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_personalize.export.exceptions import DatabaseConnectionError
from airflow_personalize.export.read.dialects import dialect_of
from airflow_personalize.export.read.sources import BATCH_BYTES, DbApiSource, PostgresSource, Source

#: Extras of a PostgreSQL connection that are Airflow's and not libpq's.
_NOT_LIBPQ = frozenset(
    {
        "iam",
        "redshift",
        "redshift-serverless",
        "cursor",
        "cluster-identifier",
        "workgroup-name",
        "aws_conn_id",
        "sqlalchemy_scheme",
        "sqlalchemy_query",
        "azure_conn_id",
        "placeholder",
    }
)
#: Sign-in by short-lived tokens is the hook's business, so such connections are read through it.
_TOKENS = ("iam", "azure_conn_id")


def source_of(conn_id: str, batch_bytes: int = BATCH_BYTES) -> Source:
    """Read PostgreSQL through ADBC, any other database through its Airflow hook.

    :raises DatabaseConnectionError: if Airflow knows no such connection
    """
    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise DatabaseConnectionError(conn_id, "Airflow knows no connection of that name") from error
    extras = connection.extra_dejson
    if connection.conn_type in {"postgres", "postgresql"} and not any(extras.get(name) for name in _TOKENS):
        return PostgresSource(conninfo_of(connection), batch_bytes, conn_id)
    hook = connection.get_hook()
    if not isinstance(hook, DbApiHook):
        raise TypeError(
            f"connection {conn_id!r} of type {connection.conn_type!r} is no database: its hook has no DB-API "
            "cursor. Use a PostgreSQL, MySQL, SQLite or other SQL connection"
        )
    return DbApiSource(
        hook.get_conn,
        hook.placeholder,
        text_instants=connection.conn_type == "sqlite",
        dialect=dialect_of(connection.conn_type),
        name=conn_id,
    )


def conninfo_of(connection: Any) -> str:
    """libpq's connection string; a host that starts with a slash is the folder of a Unix socket."""
    from psycopg2.extensions import make_dsn

    parts = {
        "host": connection.host,
        "port": connection.port,
        "user": connection.login,
        "password": connection.password,
        "dbname": connection.schema,
        **{name: value for name, value in connection.extra_dejson.items() if name not in _NOT_LIBPQ},
    }
    return str(make_dsn(**{name: value for name, value in parts.items() if value not in (None, "")}))
