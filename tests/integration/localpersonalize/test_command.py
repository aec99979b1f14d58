"""The command line: its status table, its log, and what it refuses."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from localpersonalize import quotas
from localpersonalize.logging import JsonLines
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
    found = {(kind, name): status for kind, name, status, _, _ in rows(shop.live.data_dir)}
    assert found["DatasetImportJob", "interactions"] == "ACTIVE"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["status", "--data-dir", "/nowhere"], "is not a data directory"),
        (["--pace", "quick"], "--pace is quick"),
        (["--pace", "-1"], "--pace is -1"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], says: str, tmp_path: Path) -> None:
    if "status" not in arguments:
        arguments = [*arguments, "--data-dir", str(tmp_path)]
    answer = run(*arguments)
    assert answer.returncode == 2
    assert says in " ".join(answer.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[total]\nCampagne = 3", "has no Campagne"),
        ("[total]\nCampaign = -3", "Campaign is -3"),
        ("[total]\nCampaign = true", "Campaign is True"),
        ("[most]\nCampaign = 3", "most is no table"),
        ("[total", "quotas.toml"),
    ],
)
def test_quotas_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / quotas.FILE
    file.write_text(text)
    with pytest.raises(quotas.QuotasError, match=says):
        quotas.load(file)


def test_quotas_of_a_file_go_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / quotas.FILE
    file.write_text("[pending]\nSolutionVersion = 2")
    found = quotas.load(file)
    assert (found.pending["SolutionVersion"], found.pending["DatasetImportJob"]) == (2, 5)
    assert quotas.load(tmp_path / "none.toml") == quotas.Quotas()


def test_a_line_of_the_log_is_json() -> None:
    record = logging.makeLogRecord(
        {"msg": "request %s", "args": ("r1",), "levelname": "INFO", "operation": "ListSchemas"}
    )
    line = json.loads(JsonLines().format(record))
    assert (line["message"], line["operation"], line["level"]) == ("request r1", "ListSchemas", "INFO")
