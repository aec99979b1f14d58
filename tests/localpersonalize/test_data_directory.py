"""A data directory, opened twice."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.data_directory import open_data


def test_a_second_process_finds_what_the_first_one_left(tmp_path: Path) -> None:
    database, tables = open_data(tmp_path / "new")
    database.add("Schema", "arn:1", {"name": "s"})
    other, other_tables = open_data(tmp_path / "new")
    assert other.get("arn:1") is not None
    assert other_tables.folder == tables.folder
