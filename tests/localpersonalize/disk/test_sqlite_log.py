"""Logs of databases that were cut off by a kill, and logs that were damaged."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from localpersonalize.disk.sqlite_log import damage

CHANGES = 20


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A database as a kill leaves it: the log and its index are there still."""
    connection = sqlite3.connect(tmp_path / "live", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE t (x)")
    for number in range(CHANGES):
        connection.execute("INSERT INTO t VALUES (?)", (f"{number}" * 3000,))
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(tmp_path / f"live{suffix}", tmp_path / f"db{suffix}")
    connection.close()
    return tmp_path / "db"


def log(file: Path) -> Path:
    return file.with_name("db-wal")


def rows(file: Path) -> int:
    with sqlite3.connect(file) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def flip(content: bytearray, offset: int) -> None:
    content[offset] ^= 1


WAYS: dict[str, Callable[[bytearray], object]] = {
    "cut in half": lambda content: content.__delitem__(slice(len(content) // 2, None)),
    "emptied": lambda content: content.clear(),
    "zeroed": lambda content: content.__setitem__(slice(None), bytes(len(content))),
    "a zeroed header": lambda content: content.__setitem__(slice(0, 32), bytes(32)),
    "a flipped bit": lambda content: flip(content, len(content) // 3),
    "a flipped bit in the header": lambda content: flip(content, 17),
    "random bytes": lambda content: content.__setitem__(
        slice(None), random.Random(0).randbytes(len(content))
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_damage_is_said_and_nothing_is_done_to_the_files(killed: Path, way: str) -> None:
    content = bytearray(log(killed).read_bytes())
    WAYS[way](content)
    log(killed).write_bytes(content)
    for _ in range(2):  # until something is done about it
        assert str(log(killed)) in damage(killed)
        assert log(killed).read_bytes() == bytes(content)


@pytest.mark.parametrize("way", ["a flipped bit", "a zeroed header", "random bytes"])
def test_it_is_found_without_the_index_too(killed: Path, way: str) -> None:
    killed.with_name("db-shm").unlink()
    content = bytearray(log(killed).read_bytes())
    WAYS[way](content)
    log(killed).write_bytes(content)
    assert str(log(killed)) in damage(killed)


def test_a_log_that_is_missing_is_said(killed: Path) -> None:
    log(killed).unlink()
    for _ in range(2):
        assert "can't be read" in damage(killed)


def test_after_a_kill_nothing_is_wrong_and_all_is_there(killed: Path) -> None:
    assert damage(killed) == ""
    assert rows(killed) == CHANGES


def test_the_write_that_a_loss_of_power_cut_off_is_nothing_to_speak_of(killed: Path) -> None:
    killed.with_name("db-shm").unlink()
    content = bytearray(log(killed).read_bytes())
    flip(content, len(content) - 5)
    log(killed).write_bytes(content)
    assert damage(killed) == ""
    assert rows(killed) == CHANGES - 1


def test_what_the_database_has_as_well_is_no_loss(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "live", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("PRAGMA wal_checkpoint(FULL)")
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(tmp_path / f"live{suffix}", tmp_path / f"db{suffix}")
    connection.close()
    log(tmp_path / "db").write_bytes(b"")
    assert damage(tmp_path / "db") == ""
    assert rows(tmp_path / "db") == 1


def test_a_damaged_index_says_nothing(killed: Path) -> None:
    index = killed.with_name("db-shm")
    index.write_bytes(random.Random(1).randbytes(index.stat().st_size))
    assert damage(killed) == ""
    assert rows(killed) == CHANGES


def test_there_need_be_no_log_and_no_database(tmp_path: Path) -> None:
    assert damage(tmp_path / "none") == ""
    sqlite3.connect(tmp_path / "db").close()
    assert damage(tmp_path / "db") == ""
