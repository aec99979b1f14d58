"""The databases that people have, each as a source and a way to fill it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mysql.connector
import psycopg2
import pytest

from airflow_personalize.export.read.sources import DbApiSource, PostgresSource, Source
from tests.support.mariadb import mariadb, mysql_connect, run_mysql

__all__ = ["mariadb", "mysql_connect", "run_mysql"]

#: MariaDB only where `make test-long` runs: it starts a server of its own.
DATABASES = [
    "postgres",
    "psycopg2",
    "sqlite",
    pytest.param("pymysql", marks=pytest.mark.long),
    pytest.param("mysql.connector", marks=pytest.mark.long),
]


@dataclass(frozen=True)
class Database:
    """`kind` is its SQL, `run` executes statements, `source` is what exports read."""

    name: str
    kind: str
    source: Source
    run: Callable[..., Any]


@pytest.fixture
def database_of(request, tmp_path):
    """A database by its name in `DATABASES`, without the tables of earlier tests."""

    def opened(name: str) -> Database:
        if name in {"postgres", "psycopg2"}:
            conninfo, run = request.getfixturevalue("postgres"), request.getfixturevalue("run_sql")
            run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            abroad = f"{conninfo} options='-c timezone=America/New_York'"
            direct = PostgresSource(abroad, batch_bytes=1 << 14)
            through = DbApiSource(lambda: psycopg2.connect(abroad), dialect="postgres")
            return Database(
                name, "postgres", direct if name == "postgres" else through, _on_each_database(run)
            )
        if name == "sqlite":
            path = tmp_path / "shop.db"
            source = DbApiSource(lambda: sqlite3.connect(path), "?", text_instants=True, dialect="sqlite")
            return Database(name, "sqlite", source, _sqlite(path))
        run = request.getfixturevalue("run_mysql")
        run("DROP DATABASE shop", "CREATE DATABASE shop CHARACTER SET utf8mb4")
        connect = request.getfixturevalue("mysql_connect")
        if name == "mysql.connector":
            socket = request.getfixturevalue("mariadb")

            def connect():
                return mysql.connector.connect(
                    unix_socket=socket,
                    user="root",
                    database="shop",
                    charset="utf8mb4",
                    collation="utf8mb4_general_ci",
                )

        return Database(name, "mysql", DbApiSource(connect, dialect="mysql"), run)

    return opened


def _on_each_database(run):
    def statements(*texts: str):
        rows = None
        for text in texts:
            rows = run(text)
        return rows

    return statements


def _sqlite(path):
    def run(*statements: str):
        rows = None
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
            connection.commit()
        return rows

    return run
