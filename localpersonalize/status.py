"""`localpersonalize status`: what a data directory holds, whether or not it is being served."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from localpersonalize.database import FILE, WAY_OUT, DamagedDatabaseError, readable_text

QUERY = """
    SELECT kind, arn, status,
        CASE WHEN json_valid(body) THEN json_extract(body, '$.lastUpdatedDateTime') ELSE created END,
        CASE WHEN json_valid(body) THEN coalesce(json_extract(body, '$.failureReason'), '') ELSE 'damaged' END
    FROM resources ORDER BY kind, sequence
"""


def rows(data_dir: Path) -> Iterator[tuple[str, str, str, str, str]]:
    """Kind, name, status, time of the last change, reason of a failure.

    :raises FileNotFoundError: if the folder is not a data directory.
    :raises DataDirectoryError: if its database can't be read.
    """
    file = data_dir / FILE
    if not file.exists():
        raise FileNotFoundError(
            f"{data_dir} is not a data directory of localpersonalize: it has no {file.name}."
        )
    with _opened(file) as connection:
        for kind, arn, status, changed, reason in connection.execute(QUERY):
            time = datetime.fromtimestamp(changed, UTC).strftime("%Y-%m-%d %H:%M:%S")
            yield kind, arn.split(":", 5)[-1].split("/", 1)[-1], status or "", time, reason


def unfinished(data_dir: Path) -> list[tuple[str, str]]:
    """Kind and resource of the jobs that are not finished."""
    with _opened(data_dir / FILE) as connection:
        jobs = connection.execute("SELECT kind, arn FROM jobs ORDER BY id").fetchall()
    return [(kind, arn.split(":", 5)[-1]) for kind, arn in jobs]


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.text_factory = readable_text
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise DamagedDatabaseError(f"{file} can't be read: {error}. {WAY_OUT}") from None


def show(data_dir: Path) -> None:
    """Print both as tables."""
    console = Console()
    resources = Table("Kind", "Name", "Status", "Changed (UTC)", "Reason", title=f"Resources in {data_dir}")
    for row in rows(data_dir):
        resources.add_row(*row)
    console.print(resources)
    jobs = Table("Job", "Resource", title="Unfinished jobs")
    for job in unfinished(data_dir):
        jobs.add_row(*job)
    console.print(jobs if jobs.row_count else "No unfinished jobs.")
