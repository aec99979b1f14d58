"""What options of the command line come to."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from localpersonalize import application
from localpersonalize.__main__ import _factor, app
from localpersonalize.http import listening


def test_fast_takes_no_time_and_a_number_is_a_factor() -> None:
    assert _factor("fast") == 0
    assert _factor("0.1") == 0.1


@pytest.mark.parametrize("pace", ["quick", "-1", "inf", "nan"])
def test_what_is_no_pace(pace: str) -> None:
    with pytest.raises(ValueError, match=f"--pace is {pace}"):
        _factor(pace)


@pytest.mark.parametrize(
    ("options", "has_page"),
    [
        ([], True),
        (["--host", "::1"], True),
        (["--no-page"], False),
        (["--host", "0.0.0.0"], False),
        (["--host", "0.0.0.0", "--page"], True),
    ],
    ids=str,
)
def test_the_page_is_for_this_machine_unless_an_option_says_else(
    options: list[str], has_page: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[application.Settings] = []

    def build(settings: application.Settings, *others: Any) -> Any:
        built.append(settings)
        return SimpleNamespace(end_jobs=None)

    monkeypatch.setattr(application, "build", build)
    monkeypatch.setattr(listening, "serve", lambda *arguments: None)
    monkeypatch.setattr(listening, "bind", lambda host, port: (tmp_path / "socket").open("wb"))
    monkeypatch.setattr(listening, "endpoint", lambda bound: "http://127.0.0.1:1")
    outcome = CliRunner().invoke(app, [*options, "--data-dir", str(tmp_path / "data")])
    assert outcome.exit_code == 0, outcome.output
    assert [settings.has_page for settings in built] == [has_page]
