"""How a session of each database is opened for an export: in UTC, so that days and instants mean the same everywhere.

A bound is an instant. A server in another time zone compares it with its own midnight, and shows its TIMESTAMP columns
in its own hours, unless the session says otherwise; the session is set to UTC here, before the query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

_POSTGRES = ("SET TIME ZONE 'UTC'",)
_MYSQL = ("SET time_zone = '+00:00'",)

#: By the driver's package. Databases that are missing here have no time zone of a session (SQLite, SQL Server).
SETTINGS: Mapping[str, Sequence[str]] = {
    "MySQLdb":             _MYSQL,
    "mariadb":             _MYSQL,
    "mysql":               _MYSQL,  # mysql.connector
    "pymysql":             _MYSQL,
    "pg8000":              _POSTGRES,
    "psycopg":             _POSTGRES,
    "psycopg2":            _POSTGRES,
    "redshift_connector":  _POSTGRES,
    "vertica_python":      ("SET TIME ZONE TO 'UTC'",),
    "cx_Oracle":           ("ALTER SESSION SET TIME_ZONE = '+00:00'",),
    "oracledb":            ("ALTER SESSION SET TIME_ZONE = '+00:00'",),
    "databricks":          ("SET TIME ZONE 'UTC'",),
    "prestodb":            ("SET TIME ZONE 'UTC'",),
    "trino":               ("SET TIME ZONE 'UTC'",),
    "duckdb":              ("SET TimeZone = 'UTC'",),
    "snowflake":           ("ALTER SESSION SET TIMEZONE = 'UTC'",),
}  # fmt: skip


def driver_of(connection: Any) -> str:
    """The package of the driver that opened the connection."""
    return str(type(connection).__module__).partition(".")[0]


def in_utc(connection: Any) -> None:
    """Set the session's time zone, where the database has one."""
    for setting in SETTINGS.get(driver_of(connection), ()):
        with closing(connection.cursor()) as cursor:
            cursor.execute(setting)
