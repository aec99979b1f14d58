"""A data directory has its old content or the new one, wherever the process that replaces it ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from localpersonalize.disk import replacement


def contents(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def filled(data_dir: Path) -> Path:
    """A directory with old content, and new content beside it."""
    for name in ("database", "database-wal", "datasets/a/old", "models/m", "kept"):
        file = data_dir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"old {name}")
    new = data_dir / "new.partial"
    for name in ("database", "datasets/b/new"):
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        (new / name).write_text(f"new {name}")
    (new / "models").mkdir()
    return new


NEW = {"database": "new database", "datasets/b/new": "new datasets/b/new", "kept": "old kept"}


def test_a_committed_content_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    replacement.commit(tmp_path, filled(tmp_path))
    replacement.finish(tmp_path)
    assert contents(tmp_path) == NEW
    replacement.finish(tmp_path)
    assert contents(tmp_path) == NEW


def test_what_was_not_committed_changes_nothing(tmp_path: Path) -> None:
    filled(tmp_path)
    replacement.finish(tmp_path)
    assert (tmp_path / "database").read_text() == "old database"


@pytest.mark.parametrize("steps", range(12))
def test_a_start_goes_on_where_a_process_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Each change of a name, and each removal, is where it may happen."""
    replacement.commit(tmp_path, filled(tmp_path))
    left = steps

    def until_killed(real: object) -> object:
        def change(*arguments: object, **named: object) -> object:
            nonlocal left
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
            return real(*arguments, **named)  # type: ignore[operator]

        return change

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink", "rmdir"):
            patched.setattr(os, name, until_killed(getattr(os, name)))
        try:
            replacement.finish(tmp_path)
        except KeyboardInterrupt:
            assert (tmp_path / replacement.NAME).is_dir()
    replacement.finish(tmp_path)
    assert contents(tmp_path) == NEW
    assert not list((tmp_path / "models").iterdir())
