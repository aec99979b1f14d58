"""Folders that are written once and never change."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from localpersonalize.disk import folders
from localpersonalize.disk.sealed import DamagedError, crc32_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with folders.replaced(tmp_path / "model") as new:
        (new / "big.npy").write_bytes(random.Random(0).randbytes(100_000))
        (new / "model.json").write_text("{}")
    return tmp_path / "model"


def test_a_folder_takes_the_place_of_the_one_before(folder: Path) -> None:
    with folders.replaced(folder) as new:
        (new / "other").write_text("x")
        assert (folder / "big.npy").exists()
    assert sorted(file.name for file in folder.iterdir()) == [folders.MANIFEST, "other"]
    assert folders.verify(folder)
    assert list(folder.parent.iterdir()) == [folder]


def test_one_that_fails_leaves_the_one_before(folder: Path) -> None:
    def fail(new: Path) -> None:
        (new / "half").write_text("x")
        raise OSError("full")

    with pytest.raises(OSError, match="full"), folders.replaced(folder) as new:
        fail(new)
    assert folders.verify(folder)
    assert list(folder.parent.iterdir()) == [folder]


def test_an_attempt_removes_what_killed_ones_of_the_same_name_left(folder: Path) -> None:
    for left in ("model.partial", f"model.{'0' * 32}.partial", f"model.b.{'0' * 32}.partial"):
        (folder.parent / left).mkdir()
    with folders.replaced(folder):
        pass
    assert sorted(entry.name for entry in folder.parent.iterdir()) == ["model", f"model.b.{'0' * 32}.partial"]


def test_files_and_names_are_flushed_before_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flushed(descriptor: int) -> None:
        steps.append(f"flush {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name.split('.')[0]}")
        fsync(descriptor)

    def named(source: Path, target: Path) -> None:
        steps.append(f"name {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", named)
    with folders.replaced(tmp_path / "x" / "model") as new:
        (new / "weights.npy").write_text("1")
    assert steps.index("flush weights") < steps.index("name model")
    assert steps.index("flush model") < steps.index("name model")
    assert steps[0] == f"flush {tmp_path.name}"  # with the name of the new folder x in it
    assert steps[steps.index("name model") + 1 :] == ["flush x"]


def damage(file: Path, way: str) -> None:
    content = bytearray(file.read_bytes())
    match way:
        case "missing":
            file.unlink()
            return
        case "cut":
            del content[len(content) // 2 :]
        case "zeroed":
            content[:] = bytes(len(content))
        case "flipped":
            content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


@pytest.mark.parametrize("way", ["missing", "cut", "zeroed", "flipped"])
@pytest.mark.parametrize("name", ["big.npy", "model.json"])
def test_whatever_happens_to_a_file_is_found_and_named(folder: Path, name: str, way: str) -> None:
    damage(folder / name, way)
    with pytest.raises(DamagedError, match=name) as result:
        folders.verify(folder)
    assert result.value.path == folder


@pytest.mark.parametrize("way", ["cut", "zeroed", "flipped"])
def test_the_list_of_checksums_is_checked_too(folder: Path, way: str) -> None:
    damage(folder / folders.MANIFEST, way)
    with pytest.raises(DamagedError, match=folders.MANIFEST):
        folders.verify(folder)


def test_folders_of_earlier_versions_have_no_checksums(folder: Path) -> None:
    (folder / folders.MANIFEST).unlink()
    assert not folders.verify(folder)
    with pytest.raises(DamagedError, match="is missing"):
        folders.verify(folder.parent / "none")


def test_checksums_are_compared_once_and_sizes_always(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def noted(file: Path) -> int:
        read.append(file)
        return crc32_of(file)

    monkeypatch.setattr(folders, "crc32_of", noted)
    for _ in range(3):
        folders.verify(folder)
    assert len(read) == 2
    damage(folder / "big.npy", "cut")
    with pytest.raises(DamagedError):
        folders.verify(folder)
