"""A full disk, as the libraries that write say it."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from localpersonalize.disk.full import is_full, reason


def test_a_database_that_may_not_grow_is_full(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "d")
    connection.execute("PRAGMA max_page_count = 3")
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(sqlite3.OperationalError) as error:
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert is_full(error.value)
    assert "no space left on device" in reason(error.value)


LIBRARIES = {
    "Python": "open('f', 'wb').write(b'x' * 2_000_000)",
    "NumPy": "np.save('f', np.zeros(1_000_000))",
    "Arrow": "s = pa.OSFile('f', 'wb'); s.write(b'x' * 500_000); s.write(b'x' * 2_000_000)",
    "SQLite": "sqlite3.connect('f').execute('CREATE TABLE t AS SELECT zeroblob(2000000)')",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_that_writes_is_understood(library: str, tmp_path: Path) -> None:
    """Its own process, since the limit on files is a process's."""
    program = (
        "import resource, signal, sqlite3\n"
        "import numpy as np, pyarrow as pa\n"
        "from localpersonalize.disk.full import is_full\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
        f"try:\n    {LIBRARIES[library]}\n    print('wrote it', end='')\n"
        "except Exception as error:\n    print(is_full(error), repr(error))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert ended.stdout.startswith("True"), ended


def test_other_errors_are_not(tmp_path: Path) -> None:
    assert not is_full(FileNotFoundError(errno.ENOENT, "no such file"))
    assert not is_full(ValueError("x"))
    assert not is_full(sqlite3.OperationalError("no such table"))
    assert not is_full(OSError(errno.EIO, "what can't be read"))
    for code, full in ((sqlite3.SQLITE_IOERR_READ, False), (sqlite3.SQLITE_IOERR_WRITE, True)):
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = code
        assert is_full(error) is full
    assert is_full(OSError(errno.ENOSPC, "No space left on device"))
    assert "read-only" in reason(OSError(errno.EROFS, "read-only file system"))
