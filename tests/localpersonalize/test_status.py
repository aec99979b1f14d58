"""What `localpersonalize status` reads of a data directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize import status
from localpersonalize.database import FILE, Database


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
