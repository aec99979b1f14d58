"""Operations in a data directory of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.localpersonalize.in_process import InProcessService


@pytest.fixture
def service(tmp_path: Path) -> InProcessService:
    return InProcessService(tmp_path)
