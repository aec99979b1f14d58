"""`/healthz`: what the service depends on, and whether that is well."""

from __future__ import annotations

import socket
import sqlite3
from urllib.parse import urlsplit

from localpersonalize.database import Database

OK = "ok"
CONNECT_SECONDS = 2


class Health:
    """Looks after the database and the process that answers for the rest of AWS."""

    def __init__(self, database: Database, aws_endpoint: str) -> None:
        self._database, self._aws_endpoint = database, aws_endpoint

    def check(self) -> dict[str, str]:
        """By dependency `ok`, or what is wrong with it."""
        return {"store": self._check_database(), "aws": self._check_aws()}

    def _check_database(self) -> str:
        try:
            self._database.counts()
        except sqlite3.Error as error:
            return str(error)
        return OK

    def _check_aws(self) -> str:
        address = urlsplit(self._aws_endpoint)
        try:
            socket.create_connection((address.hostname or "", address.port or 80), CONNECT_SECONDS).close()
        except OSError as error:
            return f"{self._aws_endpoint}: {error}"
        return OK
