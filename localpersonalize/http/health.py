"""`/healthz`: what the service depends on, and whether that is well."""

from __future__ import annotations

import sqlite3

from localpersonalize.aws.s3.storage import Storage
from localpersonalize.database import Database

OK = "ok"


class Health:
    """Looks after the database and the S3."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database, self._storage = database, storage

    def check(self) -> dict[str, str]:
        """By dependency `ok`, or what is wrong with it."""
        return {"store": self._check_database(), "aws": self._storage.problem() or OK}

    def _check_database(self) -> str:
        try:
            self._database.counts()
        except sqlite3.Error as error:
            return str(error)
        return OK
