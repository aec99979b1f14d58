"""No request, however wrong, ends in a 5xx, hangs, or leaves the service larger."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.localpersonalize import raw_fuzz
from tests.support.localpersonalize.fuzz import run
from tests.support.localpersonalize.live import SECRET, Live

REQUESTS = 4000
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+ |    \| ")
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
    assert_the_log_is_whole(live)


@pytest.mark.parametrize(
    ("requests", "uploads"), [(400, 40), pytest.param(4000, 1000, marks=pytest.mark.long)]
)
def test_what_is_no_request_and_uploads_that_break_off_leave_nothing_behind(
    tmp_path: Path, requests: int, uploads: int
) -> None:
    live = Live(tmp_path / "data").start()
    try:
        outcome = raw_fuzz.run(live, requests, uploads, seed=7)
        live.s3.put_object(Bucket=raw_fuzz.BUCKET, Key="after", Body=b"still here")
        content = live.s3.get_object(Bucket=raw_fuzz.BUCKET, Key="after")["Body"].read()
    finally:
        live.stop()
    assert not outcome.wrong, outcome.wrong[:5]
    assert content == b"still here"
    assert outcome.statuses["200"] > requests / 100  # it says no, but not to everything
    assert outcome.memory[-1] - outcome.memory[1] < GROWTH, outcome.memory
    assert_the_log_is_whole(live)


def assert_the_log_is_whole(live: Live) -> None:
    """Each line is the service's own, and none has a key or a signature in it."""
    log = live.log()
    assert [line for line in log.splitlines() if not LINE.match(line)] == []
    assert SECRET not in log
    assert "Signature=" not in log
