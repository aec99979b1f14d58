"""A data directory, opened twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.data_directory import open_data
from localpersonalize.database import FILE
from localpersonalize.disk.lock import DataDirectoryError


def test_a_second_process_finds_what_the_first_one_left(tmp_path: Path) -> None:
    database, tables = open_data(tmp_path / "new")
    database.add("Schema", "arn:1", {"name": "s"})
    other, other_tables = open_data(tmp_path / "new")
    assert other.get("arn:1") is not None
    assert other_tables.folder == tables.folder


@pytest.mark.parametrize("state", ["missing", "empty"])
def test_a_database_that_is_gone_from_beside_its_models_is_not_begun_anew(tmp_path: Path, state: str) -> None:
    (tmp_path / "models" / "m").mkdir(parents=True)
    (tmp_path / "models" / "m" / "model.json").write_text("{}")
    if state == "empty":
        (tmp_path / FILE).touch()
    with pytest.raises(DataDirectoryError, match=f"is {state}, though"):
        open_data(tmp_path)
