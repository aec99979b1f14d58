"""What is loaded when the server starts."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.http.background import serving
from tests.support.localpersonalize.contexts import Desk


def test_only_what_is_active_serves(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    version = desk.version(desk.solution(desk.group()))
    front = desk.create("Campaign", name="front", solutionVersionArn=version)
    desk.create("Campaign", active=False, name="back", solutionVersionArn=version)
    assert serving(desk.context) == [front]
