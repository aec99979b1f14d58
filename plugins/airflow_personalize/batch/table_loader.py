"""Replacing the rows of a table in one transaction: readers see the old rows until they see the new ones.

Rows are first gathered in a temporary table of the session, which holds no lock and leaves nothing behind when the
session ends. Then the table is emptied and filled from it and both are committed at once. The table itself stays, with
its indexes, grants and the views on it, which exchanging two tables by their names would lose.

Only the names of the table and its columns become part of a statement, in quotes; data is always bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

from airflow_personalize.batch.output import TYPES

ROWS_A_STATEMENT = 500
STAGING = '"personalize_batch_rows"'
KNOWN = ("postgres", "sqlite")


class TableError(Exception):
    """The table can't take the answers. The message says what to change."""


class Replacement:
    """New rows for a table; they count once `commit` has returned.

    :param connection: a DB-API connection of PostgreSQL or SQLite
    :param kind: `postgres` or `sqlite`
    :param placeholder: how the driver writes a bound parameter: `?` or `%s`
    :param table: `name` or `schema.name`
    """

    def __init__(
        self, connection: Any, kind: str, placeholder: str, table: str, columns: Sequence[str]
    ) -> None:
        if kind not in KNOWN:
            raise TableError(f"a table of a {kind} database can't be loaded, only of {' or '.join(KNOWN)}")
        self._connection, self._kind, self._table, self._columns = connection, kind, table, columns
        self._name = ".".join(quoted(part) for part in table.split("."))
        self._listed = ", ".join(quoted(column) for column in columns)
        self._row = f"({', '.join([placeholder] * len(columns))})"

    def prepare(self) -> None:
        """Make sure of the table, and open a place for the rows with the table's own types.

        :raises TableError: if there is a table without the columns.
        """
        wanted = [f"{quoted(column)} {TYPES.get(column, 'text')}" for column in self._columns]
        if not self._exists():
            self._run("CREATE TABLE", self._name, f"({', '.join(wanted)})")
            schema, _, name = self._table.rpartition(".")
            index = quoted(f"{name[:50]}_{self._columns[0]}"[:63])
            # SQLite wants the schema before the index, PostgreSQL only before the table.
            index = f"{quoted(schema)}.{index}" if schema and self._kind == "sqlite" else index
            on = quoted(name) if self._kind == "sqlite" else self._name
            self._run("CREATE INDEX", index, "ON", on, f"({quoted(self._columns[0])})")
        self._connection.commit()
        self._run("DROP TABLE IF EXISTS", f"{self._temporary}.{STAGING}")
        self._run(
            "CREATE TEMPORARY TABLE", STAGING, "AS SELECT", self._listed, "FROM", self._name, "WHERE 1 = 0"
        )

    def add(self, rows: Iterable[Sequence[Any]]) -> int:
        """Gather rows; returns how many."""
        rows, count = iter(rows), 0
        while part := list(islice(rows, ROWS_A_STATEMENT)):
            values = [value for row in part for value in row]
            self._run("INSERT INTO", STAGING, "VALUES", ", ".join([self._row] * len(part)), values=values)
            count += len(part)
        return count

    def commit(self) -> None:
        """Put the gathered rows in the place of the table's, in one transaction."""
        self._connection.commit()  # the gathering held a snapshot of the database until here
        if self._kind == "postgres":  # two that replace at once would leave both their rows; readers go on
            self._run("LOCK TABLE", self._name, "IN SHARE ROW EXCLUSIVE MODE")
        self._run("DELETE FROM", self._name)
        self._run("INSERT INTO", self._name, f"({self._listed})", "SELECT", self._listed, "FROM", STAGING)
        self._connection.commit()

    def _exists(self) -> bool:
        """Whether the table is there, with all columns."""
        try:
            with closing(self._connection.cursor()) as cursor:
                cursor.execute(_joined("SELECT * FROM", self._name, "WHERE 1 = 0"))
                existing = [str(column[0]) for column in cursor.description]
        except Exception as error:  # each driver has its own class; only the missing table is meant
            self._connection.rollback()
            if _is_missing(error):
                return False
            raise
        spelt = {column: _spelt(column, existing) for column in self._columns}
        if lacking := [column for column, names in spelt.items() if not names]:
            raise TableError(
                f"table {self._table} has no column {', '.join(lacking)}. It needs {', '.join(self._columns)};"
                " add them, or name a table that is not there yet, which is then made"
            )
        if doubled := [" and ".join(names) for names in spelt.values() if len(names) > 1]:
            raise TableError(
                f"table {self._table} has columns that differ in case only: {', '.join(doubled)}. Rename one, or name"
                " a table that is not there yet, which is then made"
            )
        self._listed = ", ".join(quoted(names[0]) for names in spelt.values())
        return True

    @property
    def _temporary(self) -> str:
        return "pg_temp" if self._kind == "postgres" else "temp"

    def _run(self, *words: str, values: Sequence[Any] | None = None) -> None:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(_joined(*words), values) if values else cursor.execute(_joined(*words))


def _spelt(column: str, existing: Sequence[str]) -> list[str]:
    """The table's own spelling of a column: as it is, else in any case (`"USER_ID"`), which quotes must repeat."""
    return [column] if column in existing else [name for name in existing if name.lower() == column]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _joined(*words: str) -> str:
    return " ".join(words)


def _is_missing(error: Exception) -> bool:
    """PostgreSQL's undefined_table; SQLite has only a text."""
    return getattr(error, "pgcode", getattr(error, "sqlstate", None)) == "42P01" or "no such table" in str(
        error
    )
