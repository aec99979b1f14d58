"""The database: whether all of it can be read, and a new one with what can."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localpersonalize.check.findings import Aside, Finding
from localpersonalize.database import FILE, DamagedDatabaseError, Database, readable_text
from localpersonalize.disk import sqlite_log
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
    fresh, damaged = file.with_name(FILE + ".repaired"), file.with_name(FILE + ".damaged")
    for leftover in file.parent.glob(FILE + ".*"):
        leftover.unlink()
    for name in ("", *BESIDE):  # reading changes these files: they are kept as they were, and a copy is read
        part = file.with_name(file.name + name)
        if part.exists():
            shutil.copy(part, damaged.with_name(damaged.name + name))
    moved, *_ = [aside.move(file.with_name(file.name + name)) for name in ("", *BESIDE)]
    Database(fresh).close()
    counts = {}
    with closing(sqlite3.connect(fresh)) as connection, connection:
        for table in TABLES:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            whole = [row for row in _rows(damaged, table) if _is_whole(table, row)]
            marks = ", ".join("?" * len(columns))
            connection.executemany(
                f"INSERT OR IGNORE INTO {table} VALUES ({marks})",  # noqa: S608 - names of ours
                [tuple(row[column] for column in columns) for row in whole],
            )
            counts[table] = len(whole)
    fresh.rename(file)
    for leftover in file.parent.glob(FILE + ".*"):
        leftover.unlink()
    saved = ", ".join(f"{count} {table}" for table, count in counts.items())
    return f"{moved}; a new one has what could be read: {saved}"


def _problem(file: Path) -> str:
    """Why a database can't be used as it is; empty if it can."""
    if not file.exists() or not file.stat().st_size:
        return "is empty" if file.exists() else "is missing"
    if problem := sqlite_log.damage(file):
        return problem
    try:
        Database(file).close()
        with closing(sqlite3.connect(file)) as connection:
            answers = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
    except (sqlite3.DatabaseError, DamagedDatabaseError) as error:
        return " ".join(str(error).split())
    if answers != ["ok"]:
        return " ".join("; ".join(answers).split())
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
    query = f"SELECT rowid AS number, * FROM {table} WHERE rowid >= ? ORDER BY rowid"  # noqa: S608 - names of ours
    with closing(sqlite3.connect(file)) as connection:
        connection.text_factory = readable_text
        connection.row_factory = sqlite3.Row
        number, step = 0, 1
        while step < 1 << 40:
            try:
                for row in connection.execute(query, (number,)):
                    number, step = int(row["number"]) + 1, 1
                    yield row
                return
            except sqlite3.DatabaseError:  # somewhere behind the last row: look for the next that can be read
                number, step = number + step, step * 2
