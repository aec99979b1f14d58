"""What of a data directory is the account's state: resources and records, data, models, S3, IAM.

The key pair, quotas and what was put aside by repairs belong to the directory, and stay.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from localpersonalize.aws.s3.folders import aws_folder
from localpersonalize.data_directory import DATASETS, MODELS
from localpersonalize.database import FILE, Database
from localpersonalize.private_files import make_private_folder

PARTIAL = ".partial"


def folders(data_dir: Path) -> list[Path]:
    """The folders of the state; beside them there is the database."""
    return [data_dir / DATASETS, data_dir / MODELS, aws_folder(data_dir)]


def make_empty(data_dir: Path) -> None:
    """The state of an account that nobody has used."""
    for folder in folders(data_dir):
        make_private_folder(folder)
    Database(data_dir / FILE).close()


def copy(data_dir: Path, database: Database, target: Path) -> None:
    """The state as it is, in another folder of the same file system: links to files, which never change, and no bytes.

    Requests that change S3 or IAM must wait meanwhile; those that change resources, and jobs, do so by themselves.

    :raises OSError: if there is no room for the database.
    """
    with database.transaction():
        _copy_database(database.file, target / FILE)
        for folder in folders(data_dir):
            make_private_folder(target / folder.name)
            for file in _files(folder):
                copied = target / file.relative_to(data_dir)
                copied.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _link(file, copied)


def _copy_database(file: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def _files(folder: Path) -> Iterator[Path]:
    """Without what is still being written, and without sockets."""
    for root, names, files in os.walk(folder):
        names[:] = [name for name in names if not name.endswith(PARTIAL)]
        for name in files:
            file = Path(root) / name
            if not name.endswith(PARTIAL) and file.is_file():
                yield file


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except FileNotFoundError:  # a version that no dataset names any more, or an upload that was given up
        return
    except OSError:  # a file system without links
        shutil.copyfile(file, target)
