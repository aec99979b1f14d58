"""The demo's commands where there is nothing to act on."""

from __future__ import annotations

from typer.testing import CliRunner

from demo.__main__ import app


def test_airflows_command_line_without_a_stack_says_what_to_do_first(tmp_path, monkeypatch):
    monkeypatch.setenv("ENCORE_HOME", str(tmp_path))
    answer = CliRunner().invoke(app, ["airflow", "dags", "list", "--help"])
    assert answer.exit_code == 1
    assert "`make up` first" in answer.output
