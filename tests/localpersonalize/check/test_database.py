"""A new database out of what a damaged one has still."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.check.database import findings
from localpersonalize.check.findings import Aside
from localpersonalize.data_directory import open_as_owner
from localpersonalize.database import FILE, Database
from localpersonalize.disk.lock import DataDirectoryError

ROWS = 400


@pytest.fixture
def file(tmp_path: Path) -> Path:
    database = Database(tmp_path / FILE)
    for number in range(ROWS):
        database.add("Filter", f"arn:{number}", {"name": f"{number:03}" * 100})
    database.add_events("arn:d", [{"ITEM_ID": "i"}] * 10)
    database.put_records("arn:d", {"u": {"USER_ID": "u"}})
    database.set_tags("arn:1", [{"tagKey": "k", "tagValue": "v"}])
    database.add_job("deploy", "arn:1", {})
    database.close()
    return tmp_path / FILE


def repaired(file: Path) -> tuple[str, Database]:
    """What was done, and the database as it is then."""
    (finding,) = findings(file.parent, Aside(file.parent))
    assert finding.repair
    done = finding.repair()
    assert list(findings(file.parent, Aside(file.parent))) == []
    return done, Database(file)


def overwrite(file: Path, offset: int, content: bytes) -> None:
    with open(file, "rb+") as target:
        target.seek(offset)
        target.write(content)


def test_nothing_is_found_where_nothing_is_damaged(file: Path) -> None:
    assert list(findings(file.parent, Aside(file.parent))) == []


def test_rows_around_a_page_of_random_bytes_are_saved(file: Path) -> None:
    overwrite(file, file.stat().st_size // 2, random.Random(1).randbytes(4096))
    done, database = repaired(file)
    names = {body["name"][:3] for body in database.all("Filter")}
    assert ROWS * 0.6 < len(names) < ROWS
    assert f"{len(names)} resources" in done
    assert (next((file.parent / "damaged").iterdir()) / FILE).exists()


def test_what_is_cut_off_is_lost_and_the_rest_is_saved(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 3 // 4])
    _, database = repaired(file)
    assert isinstance(database.all("Filter"), list)


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"garbage" * 1000, None])
def test_of_what_is_no_database_a_new_one_is_made(file: Path, content: bytes | None) -> None:
    file.unlink() if content is None else file.write_bytes(content)
    done, database = repaired(file)
    assert "0 resources" in done
    assert database.all("Filter") == []


@pytest.mark.parametrize("column", ["name", "body"])
def test_a_flipped_letter_costs_its_row(file: Path, column: str) -> None:
    content = bytearray(file.read_bytes())
    index_of = content.index if column == "name" else content.rindex  # in this order they stand in a row
    content[index_of(b"123123123") + 3] ^= 1
    file.write_bytes(content)
    (finding,) = findings(file.parent, Aside(file.parent))
    assert finding.what == "has 1 damaged rows"
    if column == "body":  # the service goes on without it
        assert len(Database(file).all("Filter")) == ROWS - 1
    _, database = repaired(file)
    assert len(database.all("Filter")) == ROWS - 1
    assert len(database.events("arn:d")) == 10
    assert database.records("arn:d") == {"u": {"USER_ID": "u"}}
    assert database.tags("arn:1") == [{"tagKey": "k", "tagValue": "v"}]
    assert database.unfinished_jobs() == [(1, "deploy", "arn:1", {})]


def test_a_database_of_a_newer_version_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DataDirectoryError, match="version 99"):
        list(findings(file.parent, Aside(file.parent)))


def test_every_kind_of_row_that_is_damaged_is_left_out_by_the_service(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        for table, column in (("events", "record"), ("records", "record"), ("jobs", "details")):
            connection.execute(f"UPDATE {table} SET {column} = substr({column}, 2)")  # noqa: S608
        connection.execute("UPDATE resources SET body = CAST(x'ff00ff' AS TEXT) WHERE arn = 'arn:7'")
    database = Database(file)
    results: list[Any] = [database.events("arn:d"), database.records("arn:d"), database.unfinished_jobs()]
    assert results == [[], {}, []]
    assert database.get("arn:7") is None
    assert len(database.all("Filter")) == ROWS - 1


def test_changes_that_the_log_has_lost_are_said_and_the_others_saved(tmp_path: Path) -> None:
    live = Database(tmp_path / "live" / FILE)
    for number in range(100):
        live.add("Filter", f"arn:{number}", {"name": f"{number:03}" * 100})
    for part in (tmp_path / "live").iterdir():  # as a kill leaves them
        shutil.copy(part, tmp_path)
    live.close()
    file, log = tmp_path / FILE, tmp_path / (FILE + "-wal")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    with pytest.raises(DataDirectoryError, match=r"-wal is damaged: .* check --repair"):
        open_as_owner(tmp_path)
    _, database = repaired(file)
    assert 0 < len(database.all("Filter")) < 100
    (log_file,) = (tmp_path / "damaged").glob(f"*/{FILE}-wal")
    assert log_file.read_bytes() == bytes(content)
