"""What `localpersonalize status` reads of a data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize import status
from localpersonalize.database import FILE, Database
from localpersonalize.disk.lock import DataDirectoryError


def test_resources_and_unfinished_jobs_are_shown(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)
    arn = "arn:aws:personalize:us-east-1:1:campaign/front"
    database.add("Campaign", arn, {"status": "CREATE FAILED", "failureReason": "No luck."})
    database.add_job("deploy", arn, {})
    ((kind, name, state, _, reason),) = status.rows(tmp_path)
    assert (kind, name, state, reason) == ("Campaign", "front", "CREATE FAILED", "No luck.")
    assert status.unfinished(tmp_path) == [("deploy", "campaign/front")]


def test_another_folder_is_no_data_directory(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=FILE):
        list(status.rows(tmp_path))


def test_a_damaged_row_is_shown_and_a_damaged_database_is_a_sentence(tmp_path: Path) -> None:
    database = Database(tmp_path / FILE)
    for name in ("whole", "damaged"):
        database.add("Filter", f"arn:aws:personalize:us-east-1:1:filter/{name}", {"status": "ACTIVE"})
    with database.transaction() as connection:
        connection.execute("UPDATE resources SET body = CAST(x'7bff' AS TEXT) WHERE arn LIKE '%/damaged'")
    assert [(name, reason) for _, name, _, _, reason in status.rows(tmp_path)] == [
        ("whole", ""),
        ("damaged", "damaged"),
    ]
    database.close()
    (tmp_path / FILE).write_bytes(b"garbage" * 1000)
    with pytest.raises(DataDirectoryError, match=r"can't be read: .* check --repair"):
        list(status.rows(tmp_path))
