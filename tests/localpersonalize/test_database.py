"""The database: what is committed, what is rolled back, what is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.database import FILE, Database
from localpersonalize.protocol.errors import AlreadyExistsError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / FILE)


def test_a_resource_is_there_for_the_next_process(database: Database) -> None:
    database.add("Campaign", "arn:1", {"name": "one", "status": "ACTIVE"}, "arn:parent")
    database.change("arn:1", status="DELETE PENDING", name=None)
    found = Database(database.file).get("arn:1")
    assert found is not None
    assert found["status"] == "DELETE PENDING"
    assert "name" not in found


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

    def look(name: str) -> None:
        done.append(f"{name} {Database(database.file).count('Campaign')}")

    def fail() -> None:
        with database.transaction():
            database.add("Campaign", "arn:undone", {})
            database.after_commit(lambda: look("undone"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.transaction():
        database.add("Campaign", "arn:1", {})
        with database.transaction():
            database.after_commit(lambda: look("inner"))
        assert done == []
    database.after_commit(lambda: look("outside"))
    assert done == ["inner 1", "outside 1"]
