"""No request, however wrong, ends in a 5xx, hangs, or leaves the service larger."""

from __future__ import annotations

from pathlib import Path

from tests.support.localpersonalize.fuzz import run
from tests.support.localpersonalize.live import Live

REQUESTS = 4000
GROWTH = 30_000_000  # bytes; what Python keeps when it first runs all code, and no more


def test_what_nobody_would_send_is_refused_and_forgotten(tmp_path: Path) -> None:
    live = Live(tmp_path / "data").start()
    try:
        outcome = run(live, REQUESTS, seed=7)
    finally:
        live.stop()
    assert not outcome.wrong, outcome.wrong[:5]
    assert sum(outcome.statuses.values()) == REQUESTS
    assert outcome.statuses[200] > REQUESTS / 100  # it says no, but not to everything
    assert len(outcome.errors) > 5
    assert outcome.memory[-1] - outcome.memory[1] < GROWTH, outcome.memory
