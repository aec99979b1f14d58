"""What is loaded when the server starts."""

from __future__ import annotations

from pathlib import Path

from localpersonalize.http.background import serving
from tests.support.localpersonalize.in_process import InProcessService


def test_only_what_is_active_serves(tmp_path: Path) -> None:
    service = InProcessService(tmp_path)
    version = service.version(service.solution(service.group()))
    front = service.create("Campaign", name="front", solutionVersionArn=version)
    service.create("Campaign", active=False, name="back", solutionVersionArn=version)
    assert serving(service.context) == [front]
