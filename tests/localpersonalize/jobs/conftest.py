"""Jobs in a data directory of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from localpersonalize.aws import role_access
from tests.support.localpersonalize.in_process import InProcessService


@pytest.fixture
def service(tmp_path: Path) -> InProcessService:
    return InProcessService(tmp_path)


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles may do everything; what they may not: `tests/localpersonalize/aws/test_role_access.py`."""
    monkeypatch.setattr(role_access, "check", lambda *_: None)
    monkeypatch.setattr(role_access, "check_action", lambda *_: None)
