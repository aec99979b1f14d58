"""Jobs in a data directory of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.localpersonalize.contexts import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
