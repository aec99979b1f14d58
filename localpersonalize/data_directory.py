"""What a data directory holds of resources and data; opened by the service, and by each of its workers."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.database import FILE, Database
from localpersonalize.datasets.tables import Tables


def open_data(data_dir: Path) -> tuple[Database, Tables]:
    """The database and the tables of a data directory; made if there are none."""
    database = Database(data_dir / FILE)
    return database, Tables(database, data_dir / "datasets")
