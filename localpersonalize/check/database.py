"""The database: whether all of it can be read, and a new one with what can."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localpersonalize.check.findings import Aside, Finding
from localpersonalize.database import FILE, DamagedDatabaseError, Database, readable_text
from localpersonalize.disk.sealed import unseal

SEALED = {"resources": "body", "jobs": "details", "events": "record", "records": "record"}
"""Tables whose rows carry checksums, and where."""
TABLES = (*SEALED, "tags")
BESIDE = ("-wal", "-shm")

Row = sqlite3.Row


def findings(data_dir: Path, aside: Aside) -> Iterator[Finding]:
    """
    :raises DataDirectoryError: if a newer version of localpersonalize made the database.
    """
    file = data_dir / FILE
    problem = _problem(file)
    if problem:
        lost = "what can't be read of resources, jobs, and records put one by one"
        yield Finding(file, problem, lost, lambda: salvage(file, aside))


def salvage(file: Path, aside: Aside) -> str:
    """Put a new database with every row that can be read in the place of a damaged one; says how many those are."""
    fresh = file.with_name(FILE + ".repaired")
    for name in ("", *BESIDE):
        fresh.with_name(fresh.name + name).unlink(missing_ok=True)
    Database(fresh).close()
    counts = {}
    with closing(sqlite3.connect(fresh)) as connection, connection:
        for table in TABLES:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            whole = [row for row in _rows(file, table) if _is_whole(table, row)]
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608 - names of ours
                [tuple(row[column] for column in columns) for row in whole],
            )
            counts[table] = len(whole)
    moved = aside.move(file)
    for name in BESIDE:
        aside.move(file.with_name(FILE + name))
    fresh.rename(file)
    kept = ", ".join(f"{count} {table}" for table, count in counts.items())
    return f"{moved}; a new one has what could be read: {kept}"


def _problem(file: Path) -> str:
    """Why a database can't be used as it is; empty if it can."""
    if not file.exists() or not file.stat().st_size:
        return "is empty" if file.exists() else "is missing"
    try:
        Database(file).close()
        with closing(sqlite3.connect(file)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except (sqlite3.DatabaseError, DamagedDatabaseError) as error:
        return " ".join(str(error).split())
    if found != ["ok"]:
        return " ".join("; ".join(found).split())
    damaged = sum(1 for table in SEALED for row in _rows(file, table) if not _is_whole(table, row))
    return f"has {damaged} damaged rows" if damaged else ""


def _is_whole(table: str, row: Row) -> bool:
    """Whether a row is what was written; of a resource, whether the columns that repeat its body agree with it."""
    if table not in SEALED:
        return True
    try:
        body = unseal(str(row[SEALED[table]]).encode())
    except ValueError:
        return False
    if table != "resources":
        return True
    return bool(row["name"] == body.get("name") and row["status"] == body.get("status"))


def _rows(file: Path, table: str) -> Iterator[Row]:
    """The rows of a table, stretches that can't be read left out."""
    if not file.exists():
        return
    query = f"SELECT rowid AS place, * FROM {table} WHERE rowid >= ? ORDER BY rowid"  # noqa: S608 - names of ours
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = readable_text
        connection.row_factory = sqlite3.Row
        place, step = 0, 1
        while step < 1 << 40:
            try:
                for row in connection.execute(query, (place,)):
                    place, step = int(row["place"]) + 1, 1
                    yield row
                return
            except sqlite3.DatabaseError:  # somewhere behind the last row: look for the next that can be read
                place, step = place + step, step * 2
