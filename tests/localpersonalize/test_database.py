"""The database: what is committed, what is rolled back, what is counted."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.database import FILE, Database
from localpersonalize.disk.lock import DataDirectoryError
from localpersonalize.protocol.errors import AlreadyExistsError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / FILE)


def test_a_resource_is_there_for_the_next_process(database: Database) -> None:
    database.add("Campaign", "arn:1", {"name": "one", "status": "ACTIVE"}, "arn:parent")
    database.change("arn:1", status="DELETE PENDING", name=None)
    result = Database(database.file).get("arn:1")
    assert result is not None
    assert result["status"] == "DELETE PENDING"
    assert "name" not in result


def test_a_resource_is_found_by_its_own_kind_alone(database: Database) -> None:
    database.add("Campaign", "arn:1", {})
    assert database.get("arn:1", "Campaign") is not None
    assert database.get("arn:1", "Filter") is None


def test_an_arn_is_taken_once(database: Database) -> None:
    database.add("Campaign", "arn:1", {})
    with pytest.raises(AlreadyExistsError, match="arn:1"):
        database.add("Filter", "arn:1", {})


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            database.add("Campaign", "arn:1", {})
            database.add_job("deploy", "arn:1", {})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert database.get("arn:1") is None
    assert database.unfinished_jobs() == []


def test_resources_are_listed_by_age_and_counted_by_status(database: Database) -> None:
    for name in ("b", "a"):
        database.add("Filter", f"arn:{name}", {"name": name, "status": "ACTIVE"}, "arn:group")
    database.add("Filter", "arn:c", {"name": "c", "status": "CREATE PENDING"}, "arn:other")
    assert [body["name"] for body in database.all("Filter", "arn:group")] == ["b", "a"]
    assert database.count("Filter", "ACTIVE") == 2
    assert database.counts() == {("Filter", "ACTIVE"): 2, ("Filter", "CREATE PENDING"): 1}


def test_a_job_stays_until_it_is_finished(database: Database) -> None:
    number = database.add_job("train", "arn:1", {"more": 1})
    assert Database(database.file).unfinished_jobs() == [(number, "train", "arn:1", {"more": 1})]
    database.finish_job(number)
    assert database.unfinished_jobs() == []


def test_users_are_forgotten_in_events_and_records(database: Database) -> None:
    database.add_events("arn:events", [{"USER_ID": "u1"}, {"USER_ID": "u2"}])
    database.put_records("arn:users", {"u1": {"USER_ID": "u1"}, "u2": {"USER_ID": "u2"}})
    assert database.forget_users(["arn:events", "arn:users"], ["u1"]) == 2
    assert database.events("arn:events") == [{"USER_ID": "u2"}]
    assert list(database.records("arn:users")) == ["u2"]


def test_what_is_to_follow_a_change_follows_when_it_is_on_disk_and_only_then(database: Database) -> None:
    done: list[str] = []

    def note(name: str) -> None:
        done.append(f"{name} {Database(database.file).count('Campaign')}")

    def fail() -> None:
        with database.transaction():
            database.add("Campaign", "arn:undone", {})
            database.after_commit(lambda: note("undone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction():
        database.add("Campaign", "arn:1", {})
        with database.transaction():
            database.after_commit(lambda: note("inner"))
        assert done == []
    database.after_commit(lambda: note("outside"))
    assert done == ["inner 1", "outside 1"]


@pytest.fixture
def closed(database: Database) -> Path:
    """The file of a database of many pages, all of it in the one file."""
    for number in range(300):
        database.add("Filter", f"arn:{number}", {"name": "n" * 200})
    database.close()
    assert not database.file.with_name(FILE + "-wal").exists()
    return database.file


def random_bytes(content: bytes) -> bytes:
    return random.Random(0).randbytes(len(content))


@pytest.mark.parametrize(
    "way",
    [
        random_bytes,
        lambda content: content[: len(content) // 2],
        lambda content: content[:50],
        lambda content: bytes(len(content)),
        lambda content: content[:8192] + random_bytes(content[8192:]),
    ],
    ids=["random", "half", "50 bytes", "zeros", "random pages"],
)
def test_what_is_no_database_is_one_sentence_with_the_way_out(closed: Path, way: Any) -> None:
    closed.write_bytes(way(closed.read_bytes()))
    with pytest.raises(DataDirectoryError) as said:
        Database(closed)
    assert str(said.value).startswith(f"{closed} is damaged: ")
    assert "check --repair" in str(said.value)
    assert "\n" not in str(said.value)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: Database) -> None:
    with sqlite3.connect(database.file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DataDirectoryError, match=r"of version 99 .* a newer one made it"):
        Database(database.file)
    with sqlite3.connect(database.file) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)


class FailingCommit:
    """A connection whose next COMMIT fails, as on a full disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection, self.fails = connection, True

    def execute(self, statement: str, *values: Any) -> Any:
        if statement == "COMMIT" and self.fails:
            self.fails = False
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(statement, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_a_commit_that_fails_does_not_swallow_those_after_it(database: Database) -> None:
    """It left its transaction open: all that came later was part of it, acknowledged and never on disk."""
    database._connection = FailingCommit(database._connection)  # type: ignore[assignment]
    with pytest.raises(sqlite3.OperationalError):
        database.add("Filter", "arn:lost", {})
    database.add("Filter", "arn:kept", {})
    other = Database(database.file)
    assert other.get("arn:kept") is not None
    assert other.get("arn:lost") is None


def fill(database: Database) -> None:
    """Let it have no more pages than it has."""
    pages = database._connection.execute("PRAGMA page_count").fetchone()[0]
    database._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_loses_what_was_not_acknowledged_alone(database: Database) -> None:
    fill(database)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        database.add("Filter", "arn:lost", {"name": "n" * 100_000})
    assert database.get("arn:lost") is None
    database._connection.execute("PRAGMA max_page_count = 100000")
    database.add("Filter", "arn:kept", {"name": "n" * 100_000})
    assert Database(database.file).get("arn:kept") is not None
