"""Folders that are written once, whole, and never change: versions of datasets, and models.

All is written aside, with the size and checksum of each file, flushed, and then named. The sizes are compared at every
opening, the checksums at the first one of a process.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from localpersonalize.disk.sealed import DamagedError, crc32_of, seal, unseal
from localpersonalize.private_files import flush_folder, make_private_folder, replace_file

MANIFEST = "checksums.json"
PARTIAL = ".partial"

_verified: set[tuple[str, int, int]] = set()


@contextmanager
def replaced(final: Path) -> Iterator[Path]:
    """A new folder to write files into; it takes the place of `final` when all is well, and is gone if not."""
    _remove_partial(final)
    partial = final.with_name(f"{final.name}.{uuid.uuid4().hex}{PARTIAL}")
    make_private_folder(final.parent)
    partial.mkdir(mode=0o700)
    try:
        yield partial
        write_manifest(partial)
        for file in partial.iterdir():
            _flush(file)
        flush_folder(partial)
        shutil.rmtree(final, ignore_errors=True)
        os.replace(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    flush_folder(final.parent)


def write_manifest(folder: Path) -> None:
    """Take down sizes and checksums of a folder's files as they are."""
    files = [file for file in folder.iterdir() if file.name != MANIFEST]
    replace_file(
        folder / MANIFEST,
        seal({"files": {file.name: [file.stat().st_size, crc32_of(file)] for file in files}}),
    )


def verify(folder: Path) -> bool:
    """Whether the folder's files are what was written; False if an earlier version took no checksums.

    :raises DamagedError: naming what is missing, cut off or changed.
    """
    manifest = folder / MANIFEST
    try:
        stat = manifest.stat()
        files: Mapping[str, tuple[int, int]] = unseal(manifest.read_bytes())["files"]
    except FileNotFoundError:
        if folder.is_dir():
            return False
        raise DamagedError(folder, f"{folder} is missing") from None
    except (OSError, ValueError, KeyError) as error:
        raise DamagedError(folder, f"{manifest} is damaged: {_short(error)}") from None
    for name, (size, _) in files.items():
        actual = _size(folder / name)
        if actual != size:
            text = "is missing" if actual is None else f"has {actual} bytes instead of {size}"
            raise DamagedError(folder, f"{folder / name} {text}")
    key = (str(folder), stat.st_ino, stat.st_mtime_ns)
    if key not in _verified:
        for name, (_, checksum) in files.items():
            if crc32_of(folder / name) != checksum:
                raise DamagedError(folder, f"{folder / name} is damaged: its checksum is another")
        _verified.add(key)
    return True


def _remove_partial(final: Path) -> None:
    """Remove what earlier attempts left; one that still runs, its server killed, ends with an error."""
    of_this = re.compile(re.escape(final.name) + r"(\.[0-9a-f]{32})?" + re.escape(PARTIAL))
    for entry in final.parent.iterdir() if final.parent.exists() else ():
        if of_this.fullmatch(entry.name):
            shutil.rmtree(entry, ignore_errors=True)


def _flush(file: Path) -> None:
    with open(file, "rb+", buffering=0) as opened:
        os.fsync(opened.fileno())


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return None


def _short(error: Exception) -> str:
    return str(error) or type(error).__name__
