"""Files that only their owner may read, whole on disk before they have their name."""

from __future__ import annotations

import os
import stat
import uuid
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_folder(folder: Path) -> None:
    """A folder of mode 0700, also if it is there already with a wider mode; its name is on disk when this returns."""
    if not folder.exists():
        if not folder.parent.exists():
            make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        flush_folder(folder.parent)
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & OTHERS:
        folder.chmod(mode & ~OTHERS)


def replace_file(file: Path, content: bytes) -> None:
    """Write a file of mode 0600 aside, flush it to the disk, give it its name, and flush the name too."""
    partial = file.with_name(
        f"{file.name}.{uuid.uuid4().hex}.partial"
    )  # new: no older file lends it its mode
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        os.replace(partial, file)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    flush_folder(file.parent)


def flush_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
