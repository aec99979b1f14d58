"""What a data directory holds of resources and data; opened by the service, and by each of its workers."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.database import FILE, WAY_OUT, DamagedDatabaseError, Database
from localpersonalize.datasets.tables import Tables
from localpersonalize.disk import replacement, sqlite_log

DATASETS, MODELS = "datasets", "models"


def open_as_owner(data_dir: Path) -> tuple[Database, Tables]:
    """The same for the service, before anybody else: also looks for changes that the database has lost.

    :raises DataDirectoryError: as `open_data`.
    """
    replacement.finish(data_dir)
    if problem := sqlite_log.damage(data_dir / FILE):
        raise DamagedDatabaseError(f"{problem}. {WAY_OUT}")
    return open_data(data_dir)


def open_data(data_dir: Path) -> tuple[Database, Tables]:
    """The database and the tables of a data directory; made if there are none.

    :raises DataDirectoryError: if the database can't be used, or is gone from beside its datasets and models.
    """
    file = data_dir / FILE
    if not (file.exists() and file.stat().st_size) and any(data_dir.glob("[dm]*s/*/*")):
        state = "empty" if file.exists() else "missing"
        raise DamagedDatabaseError(
            f"{file} is {state}, though {data_dir} has datasets or models. Put it back; or {WAY_OUT}"
        )
    database = Database(file)
    return database, Tables(database, data_dir / DATASETS)
