"""Files for their owner alone."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.private_files import make_private_folder, replace_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_folder_is_closed_to_others_also_if_it_was_open(tmp_path: Path) -> None:
    """O7."""
    for folder in (tmp_path / "new" / "inner", tmp_path / "open"):
        if folder.name == "open":
            folder.mkdir(mode=0o755)
            folder.chmod(0o755)
        make_private_folder(folder)
        assert mode(folder) == 0o700


def test_the_name_of_a_new_folder_is_on_disk_before_anything_in_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    make_private_folder(tmp_path / "data" / "objects")
    assert flushed == [tmp_path.name, "data"]
    make_private_folder(tmp_path / "data" / "objects")
    assert len(flushed) == 2


def test_no_older_file_lends_its_mode_or_its_content(tmp_path: Path) -> None:
    """O7."""
    for name in ("credentials", "credentials.partial"):
        (tmp_path / name).write_text("older and longer than what comes")
        (tmp_path / name).chmod(0o644)
    replace_file(tmp_path / "credentials", b"new")
    assert (tmp_path / "credentials").read_bytes() == b"new"
    assert mode(tmp_path / "credentials") == 0o600


def test_a_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "f"
    replace_file(file, b"old")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
