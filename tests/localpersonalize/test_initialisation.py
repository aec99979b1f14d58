"""`--init`: which files run, in which order, and what becomes of one that fails."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from localpersonalize.initialisation import RUNNING, Initialisation, command, files


def finish(initialisation: Initialisation, **environment: str) -> bool:
    """Run all, whether it failed."""
    failed, done = threading.Event(), threading.Event()

    def watch(record: logging.LogRecord) -> bool:
        if "all is done" in record.getMessage():
            done.set()
        return True

    logger = logging.getLogger("localpersonalize.initialisation")
    logger.addFilter(watch)
    logger.setLevel(logging.INFO)
    try:
        initialisation.start(environment, lambda: (failed.set(), done.set()))
        assert done.wait(30)
    finally:
        logger.removeFilter(watch)
    return failed.is_set()


def script(folder: Path, name: str, text: str, mode: int = 0o600) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


def test_files_run_in_the_order_of_their_names_with_their_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-somebody-else")
    script(tmp_path, "2.sh", 'echo "2 ${AWS_ENDPOINT_URL} ${AWS_PROFILE:-none}" >> log')
    script(
        tmp_path, "1.py", 'import os\nopen("log", "a").write("1 " + os.environ["AWS_ENDPOINT_URL"] + "\\n")'
    )
    script(tmp_path, "3.sh", "#!/bin/sh\necho 3 $0 >> log\n", 0o700)
    script(tmp_path, "4.txt", "not run")
    (tmp_path / "0.sh").mkdir()
    initialisation = Initialisation(tmp_path)
    assert initialisation.problem == RUNNING
    assert not finish(initialisation, AWS_ENDPOINT_URL="http://here")
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines == ["1 http://here", "2 http://here none", f"3 {tmp_path / '3.sh'}"]
    assert (initialisation.problem, initialisation.failure) == ("", None)


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [("1.sh", "exit 7", 7), ("1.py", "raise SystemExit(3)", 3), ("1.py", "1 / 0", 1), ("1.json", "{", 1)],
)
def test_a_file_that_fails_is_named_and_those_behind_it_do_not_run(
    tmp_path: Path, name: str, text: str, status: int
) -> None:
    script(tmp_path, name, text)
    script(tmp_path, "2.sh", "touch ran")
    initialisation = Initialisation(tmp_path)
    endpoint = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    assert finish(initialisation, **endpoint)
    assert str(initialisation.failure) == f"--init: {tmp_path / name} ended with exit status {status}."
    assert initialisation.problem == str(initialisation.failure)
    assert not (tmp_path / "ran").exists()


def test_a_script_whose_interpreter_is_missing_is_named(tmp_path: Path) -> None:
    script(tmp_path, "1.sh", "#!/nowhere/interpreter\n", 0o700)
    initialisation = Initialisation(tmp_path)
    assert finish(initialisation)
    assert "1.sh can't be run" in str(initialisation.failure)


def test_a_folder_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no folder"):
        Initialisation(tmp_path / "nowhere")


def test_without_a_folder_there_is_nothing_to_wait_for() -> None:
    assert not Initialisation().is_wanted
    assert Initialisation().problem == ""


def test_which_files_and_how(tmp_path: Path) -> None:
    for name in ("b.py", "a.sh", "c.json", "d.csv", ".sh"):
        script(tmp_path, name, "")
    assert [file.name for file in files(tmp_path)] == ["a.sh", "b.py", "c.json"]
    assert command(tmp_path / "c.json")[1:3] == ["-m", "localpersonalize.sdk.resources_file"]
