"""The service's memory of its resources: SQLite in WAL mode, one row a resource.

A resource is a dict in the shape that its Describe operation returns, times as epoch seconds. Members that
begin with an underscore are the service's own and never reach the wire, since no shape has them.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localpersonalize.disk.lock import DataDirectoryError
from localpersonalize.disk.sealed import seal, unseal
from localpersonalize.protocol.errors import AlreadyExistsError

log = logging.getLogger(__name__)

FILE = "personalize.sqlite"
"""Its name in a data directory."""

CHECKED_BYTES = 1 << 26
WAY_OUT = "`localpersonalize check --repair` saves what can be read."

Body = dict[str, Any]

MIGRATIONS = (
    """
    CREATE TABLE resources (
        arn TEXT PRIMARY KEY, kind TEXT NOT NULL, parent TEXT, name TEXT, status TEXT,
        created REAL NOT NULL, sequence INTEGER NOT NULL, body TEXT NOT NULL
    );
    CREATE INDEX resources_by_kind ON resources (kind, parent, sequence);
    CREATE TABLE tags (arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key));
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, arn TEXT NOT NULL, details TEXT NOT NULL
    );
    CREATE TABLE events (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT, dataset TEXT NOT NULL, user_id TEXT, session_id TEXT,
        received REAL NOT NULL, record TEXT NOT NULL
    );
    CREATE INDEX events_by_dataset ON events (dataset, sequence);
    CREATE TABLE records (
        dataset TEXT NOT NULL, id TEXT NOT NULL, received REAL NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (dataset, id)
    );
    """,
)


class DamagedDatabaseError(DataDirectoryError):
    """SQLite can't read a database, or not all of it."""


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that a file is not what it wrote."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


def readable_text(content: bytes) -> str:
    """A text of a row, whatever has become of it; its checksum finds that out."""
    return content.decode(errors="replace")


def _sealed(values: Mapping[str, Any]) -> str:
    return seal(values).decode() if values else "{}"


def _unsealed(text: str, what: str) -> Body | None:
    """What a row says; None, and logged, if it is damaged: that costs the row."""
    try:
        return unseal(text.encode("utf-8", "surrogatepass"))
    except ValueError as error:
        log.error("the row of %s in the database is damaged: %s", what, error)
        return None


class Database:
    """Resources, tags, unfinished jobs, and records put one by one. Safe to share between threads.

    Every method that changes something has committed to disk when it returns.
    """

    def __init__(self, file: Path) -> None:
        """
        :raises DataDirectoryError: if it is no database, is damaged, or a newer version of localpersonalize made it.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        self.file = file
        self._lock = threading.RLock()
        self._after_commit: list[Callable[[], None]] = []
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.text_factory = readable_text
        try:
            self._connection.execute("PRAGMA busy_timeout = 10000")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._migrate()
            self._check()
        except sqlite3.Error as error:
            self._connection.close()
            if is_damage(error):
                raise DamagedDatabaseError(f"{file} is damaged: {error}. {WAY_OUT}") from None
            raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing; nested transactions belong to the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._after_commit.clear()
                if self._connection.in_transaction:  # some errors end it by themselves
                    self._connection.execute("ROLLBACK")
                raise
            while self._after_commit:
                self._after_commit.pop(0)()

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do something once what the transaction of this thread changed is on disk; at once, if there is none."""
        with self._lock:
            if self._connection.in_transaction:
                self._after_commit.append(action)
                return
        action()

    def add(self, kind: str, arn: str, body: Mapping[str, Any], parent: str | None = None) -> Body:
        """Keep a new resource, with its times of creation and change.

        :raises AlreadyExistsError: if the ARN is taken.
        """
        now = time.time()
        full: Body = {"creationDateTime": now, "lastUpdatedDateTime": now, **body}
        row = (arn, kind, parent, body.get("name"), body.get("status"), now, _sealed(full))
        with self.transaction() as connection:
            try:
                connection.execute(
                    "INSERT INTO resources (arn, kind, parent, name, status, created, sequence, body) VALUES"
                    " (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(sequence), 0) + 1 FROM resources), ?)",
                    row,
                )
            except sqlite3.IntegrityError:
                raise AlreadyExistsError(
                    f"Another resource with Amazon Resource Name {arn} already exists."
                ) from None
        return full

    def get(self, arn: str, kind: str | None = None) -> Body | None:
        """The resource of this ARN, None if there is none, or none of this kind."""
        with self._lock:
            row = self._connection.execute(
                "SELECT body FROM resources WHERE arn = ? AND kind = coalesce(?, kind)", (arn, kind)
            ).fetchone()
        return _unsealed(row["body"], arn) if row else None

    def change(self, arn: str, **changes: Any) -> Body | None:
        """Set members of a resource (None removes one) and its time of change; None if it is gone."""
        with self.transaction() as connection:
            body = self.get(arn)
            if body is None:
                return None
            body |= {"lastUpdatedDateTime": time.time(), **changes}
            body = {name: value for name, value in body.items() if value is not None}
            connection.execute(
                "UPDATE resources SET status = ?, body = ? WHERE arn = ?",
                (body.get("status"), _sealed(body), arn),
            )
        return body

    def remove(self, arn: str) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM resources WHERE arn = ?", (arn,))
            connection.execute("DELETE FROM tags WHERE arn = ?", (arn,))

    def all(self, kind: str, parent: str | None = None) -> list[Body]:
        """Resources of a kind, oldest first; with `parent` those of one parent."""
        query, values = "SELECT arn, body FROM resources WHERE kind = ?", [kind]
        if parent is not None:
            query, values = query + " AND parent = ?", [kind, parent]
        with self._lock:
            rows = self._connection.execute(query + " ORDER BY sequence", values).fetchall()
        bodies = (_unsealed(row["body"], row["arn"]) for row in rows)
        return [body for body in bodies if body is not None]

    def count(self, kind: str, *statuses: str, parent: str | None = None) -> int:
        """How many resources of a kind have one of the statuses (any, if none is given)."""
        bodies = self.all(kind, parent)
        return sum(not statuses or body.get("status") in statuses for body in bodies)

    def counts(self) -> dict[tuple[str, str], int]:
        """How many resources there are, by kind and status."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT kind, coalesce(status, '') AS status, count(*) AS n FROM resources GROUP BY 1, 2"
            ).fetchall()
        return {(row["kind"], row["status"]): row["n"] for row in rows}

    # --- jobs that are not finished ---

    def add_job(self, kind: str, arn: str, details: Mapping[str, Any]) -> int:
        with self.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO jobs (kind, arn, details) VALUES (?, ?, ?)", (kind, arn, _sealed(details))
            )
            return int(cursor.lastrowid or 0)

    def finish_job(self, job: int) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (job,))

    def unfinished_jobs(self) -> list[tuple[int, str, str, Body]]:
        with self._lock:
            rows = self._connection.execute("SELECT * FROM jobs ORDER BY id").fetchall()
        jobs = [(row, _unsealed(row["details"], f"a job of {row['arn']}")) for row in rows]
        return [(row["id"], row["kind"], row["arn"], details) for row, details in jobs if details is not None]

    # --- tags ---

    def tags(self, arn: str) -> list[dict[str, str]]:
        with self._lock:
            rows = self._connection.execute("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
            return [{"tagKey": row["key"], "tagValue": row["value"]} for row in rows]

    def set_tags(self, arn: str, tags: list[dict[str, str]]) -> None:
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO tags VALUES (?, ?, ?)",
                [(arn, tag["tagKey"], tag["tagValue"]) for tag in tags],
            )

    def remove_tags(self, arn: str, keys: list[str]) -> None:
        with self.transaction() as connection:
            connection.executemany("DELETE FROM tags WHERE arn = ? AND key = ?", [(arn, key) for key in keys])

    # --- events and records that came one by one ---

    def add_events(self, dataset: str, events: list[Body]) -> None:
        """Append streamed events of a dataset, in order."""
        now = time.time()
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO events (dataset, user_id, session_id, received, record) VALUES (?, ?, ?, ?, ?)",
                [(dataset, e.get("USER_ID"), e.get("SESSION_ID"), now, _sealed(e)) for e in events],
            )

    def events(self, dataset: str) -> list[Body]:
        """Streamed events, oldest first."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT record FROM events WHERE dataset = ? ORDER BY sequence", (dataset,)
            ).fetchall()
        events = (_unsealed(row["record"], f"an event of {dataset}") for row in rows)
        return [event for event in events if event is not None]

    def put_records(self, dataset: str, records: Mapping[str, Body]) -> None:
        """Keep records of Users, Items or Actions by id, the newest of each."""
        now = time.time()
        with self.transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)",
                [(dataset, identifier, now, _sealed(record)) for identifier, record in records.items()],
            )

    def records(self, dataset: str) -> dict[str, Body]:
        """Records put one by one, by id."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT id, record FROM records WHERE dataset = ? ORDER BY received, id", (dataset,)
            ).fetchall()
        records = {row["id"]: _unsealed(row["record"], row["id"]) for row in rows}
        return {name: record for name, record in records.items() if record is not None}

    def forget_users(self, datasets: list[str], users: list[str]) -> int:
        """Remove what came one by one for these users; returns how many records that was."""
        removed = 0
        with self.transaction() as connection:
            for dataset in datasets:
                pairs = [(dataset, user) for user in users]
                for statement in (
                    "DELETE FROM events WHERE dataset = ? AND user_id = ?",
                    "DELETE FROM records WHERE dataset = ? AND id = ?",
                ):
                    removed += max(0, connection.executemany(statement, pairs).rowcount)
        return removed

    def forget_dataset(self, dataset: str) -> None:
        with self.transaction() as connection:
            connection.execute("DELETE FROM events WHERE dataset = ?", (dataset,))
            connection.execute("DELETE FROM records WHERE dataset = ?", (dataset,))

    def _migrate(self) -> None:
        """Each migration is one transaction with the number that says it was done."""
        with self._lock:
            done = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if not 0 <= done <= len(MIGRATIONS):
                self._connection.close()
                raise DataDirectoryError(
                    f"{self.file} is of version {done} of the database, and this localpersonalize knows"
                    f" {len(MIGRATIONS)}: a newer one made it. Install that, or choose another --data-dir."
                )
            for number, script in enumerate(MIGRATIONS[done:], start=done + 1):
                self._connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")

    def _check(self) -> None:
        """Walk through all pages, as long as that takes no time that a start would feel.

        :raises sqlite3.DatabaseError: if some are not what they should be.
        """
        if self.file.stat().st_size > CHECKED_BYTES:
            return
        outcome = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if outcome != "ok":
            error = sqlite3.DatabaseError(" ".join(outcome.split()))
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
