"""The command line: its status table, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from localpersonalize.status import rows
from tests.support.localpersonalize.shop import Shop


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localpersonalize", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={"COLUMNS": "200", "PATH": ""}
    )


def test_status_shows_resources_of_a_service_that_runs(shop: Shop) -> None:
    answer = run("status", "--data-dir", str(shop.live.data_dir))
    assert answer.returncode == 0, answer.stderr
    line = next(line for line in answer.stdout.splitlines() if "Campaign" in line and "front" in line)
    assert "ACTIVE" in line
    result = {(kind, name): status for kind, name, status, _, _ in rows(shop.live.data_dir)}
    assert result["DatasetImportJob", "interactions"] == "ACTIVE"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["status", "--data-dir", "/nowhere"], "is not a data directory"),
        (["--pace", "quick"], "--pace is quick"),
        (["--pace", "-1"], "--pace is -1"),
        (["--host", "0.0.0.0", "--any-credentials"], "add --any-credentials-on-network"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], says: str, tmp_path: Path) -> None:
    if "status" not in arguments:
        arguments = [*arguments, "--data-dir", str(tmp_path)]
    answer = run(*arguments)
    assert answer.returncode == 2
    assert says in " ".join(answer.stderr.replace("│", " ").split())
