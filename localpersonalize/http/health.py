"""`/healthz`: what the service depends on, and whether that is well."""

from __future__ import annotations

import sqlite3

from localpersonalize.aws.s3.storage import Storage
from localpersonalize.database import Database
from localpersonalize.initialisation import Initialisation

OK = "ok"


class Health:
    """Looks after the database and the S3, and after `--init` if that was given."""

    def __init__(self, database: Database, storage: Storage, initialisation: Initialisation) -> None:
        self._database, self._storage, self._initialisation = database, storage, initialisation

    def check(self) -> dict[str, str]:
        """By dependency `ok`, or what is wrong with it."""
        states = {"store": self._check_database(), "aws": self._storage.problem() or OK}
        if self._initialisation.is_wanted:
            states["init"] = self._initialisation.problem or OK
        return states

    def _check_database(self) -> str:
        try:
            self._database.counts()
        except sqlite3.Error as error:
            return str(error)
        return OK
