"""Whatever is killed, at random and at named places, in traffic of every kind of change: nothing that was
acknowledged is lost, and nothing is half visible.

`KILLS` (default 10) says how many; `python -m tests.support.localpersonalize.kills.run --kills 300` says more of them.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.localpersonalize.kills.run import run

KILLS = int(os.environ.get("KILLS", "10"))


@pytest.mark.long
def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    report = run(tmp_path, KILLS, seed=7)
    assert sum(report.kills.values()) == KILLS
    assert all(number > 0 for number in report.acknowledged.values()), report
