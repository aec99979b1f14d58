"""The commands of the README and of the guides that are meant for a running stack do what they say, as they stand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("README.md", "docs/backfill.md")


def commands() -> list[str]:
    """Each `make airflow ARGS="..."` of the documents, its lines joined."""
    texts = ((ROOT / name).read_text() for name in DOCUMENTS)
    return [
        command
        for text in texts
        for command in re.findall(r'^ +(make airflow ARGS="[^"]+")', text, flags=re.M)
    ]


@pytest.fixture(scope="module")
def make(stack, tmp_path_factory):
    """Run a command as a person types it, where the stack is the one that `make up` has started."""
    state = tmp_path_factory.mktemp("state")
    (state / "shop").symlink_to(stack.settings.home)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}

    def run(command: str) -> subprocess.CompletedProcess[str]:
        # The environment is set up already: making it again would fetch packages.
        words = [*shlex.split(command.replace("\\\n", " ")), "--old-file", ".venv/installed"]
        return subprocess.run(
            words, cwd=ROOT, env={**environment, "ENCORE_HOME": str(state)}, capture_output=True, text=True
        )

    return run


def test_every_document_has_such_a_command():
    assert len(commands()) == len(DOCUMENTS)


@pytest.mark.parametrize("command", commands())
def test_a_backfill_is_created_as_the_documents_say(stack, make, command):
    stack.airflow.wait_for_dag("export_interactions")
    answer = make(command)
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    (backfill,) = (
        backfill
        for backfill in stack.airflow.get("/backfills", dag_id="export_interactions")["backfills"]
        if backfill["completed_at"] is None
    )
    runs = stack.airflow.get("/dags/export_interactions/dagRuns", run_type="backfill", limit=100)["dag_runs"]
    assert len(runs) >= 31
    stack.airflow.http.put(f"/api/v2/backfills/{backfill['id']}/cancel").raise_for_status()
    # What a cancelled backfill has not begun has failed: other tests count their own on the same stack.
    for run in runs:
        path = f"/api/v2/dags/export_interactions/dagRuns/{run['dag_run_id']}"
        stack.airflow.http.delete(path).raise_for_status()


def test_a_command_fails_with_airflows_own_exit_status(make):
    answer = make('make airflow ARGS="dags details no_such_dag"')
    assert answer.returncode != 0
    assert "no_such_dag" in answer.stdout + answer.stderr
