"""Who owns a data directory."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from localpersonalize.disk.lock import FILE, DataDirectoryError, owned


def test_the_second_owner_is_told_which_directory_and_which_process(tmp_path: Path) -> None:
    with owned(tmp_path), pytest.raises(DataDirectoryError) as refused, owned(tmp_path):
        pass
    assert f"{tmp_path} is in use by another localpersonalize (process {os.getpid()})" in str(refused.value)
    assert "--data-dir" in str(refused.value)
    with owned(tmp_path):  # given back
        pass


def test_an_owner_of_another_machine_is_named_with_it(tmp_path: Path) -> None:
    with owned(tmp_path):
        (tmp_path / FILE).write_text('{"pid": 7, "host": "elsewhere"}')
        with pytest.raises(DataDirectoryError, match="process 7 of elsewhere"), owned(tmp_path):
            pass
        (tmp_path / FILE).write_bytes(b"\0\xff")
        with pytest.raises(DataDirectoryError, match=r"by another localpersonalize\."), owned(tmp_path):
            pass


def test_a_killed_owner_holds_nothing_and_neither_do_programs_that_it_started(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, subprocess, sys, time\n"
        "from localpersonalize.disk.lock import owned\n"
        "with owned(pathlib.Path(sys.argv[1])):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], close_fds=False)\n"
        "    print(child.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE)
    assert owner.stdout
    child = int(owner.stdout.readline())
    with pytest.raises(DataDirectoryError, match=f"process {owner.pid}"), owned(tmp_path):
        pass
    owner.kill()
    owner.wait()
    owner.stdout.close()
    try:
        with owned(tmp_path):
            os.kill(child, 0)  # it lives still
    finally:
        os.kill(child, 9)


def test_a_file_system_without_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with (
        pytest.raises(DataDirectoryError, match=r"can't be locked \(No locks available\).*NFS"),
        owned(tmp_path),
    ):
        pass
