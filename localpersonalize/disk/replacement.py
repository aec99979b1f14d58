"""Another content for a data directory: all of it, or none, whatever ends the process meanwhile.

The new content is made in a folder beside the old one and flushed. With its last name it counts; what it brings is then
moved into its places, and a start goes on with that where an earlier process stopped.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from localpersonalize.private_files import flush_folder

NAME = "replacement"
_BESIDE = ("", "-wal", "-shm")  # what SQLite keeps beside a database belongs to that database alone


def commit(data_dir: Path, content: Path) -> None:
    """Let a folder be what the directory holds from now on; it must have every entry that is to be replaced.

    :param content: on the same file system, everything in it flushed.
    """
    os.replace(content, data_dir / NAME)
    flush_folder(data_dir)


def finish(data_dir: Path) -> None:
    """Move what was committed into its places; nothing, if nothing was. Nobody may have the directory open."""
    content = data_dir / NAME
    if not content.is_dir():
        return
    for entry in sorted(content.iterdir()):
        for suffix in _BESIDE:
            _remove(data_dir / f"{entry.name}{suffix}")
        os.replace(entry, data_dir / entry.name)
        flush_folder(data_dir)
    content.rmdir()
    flush_folder(data_dir)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
