"""Worker processes, handed out."""

from __future__ import annotations

import sys

import pytest

from localpersonalize.jobs import worker_pool

WAIT = "import sys; sys.stdin.read()"


def test_a_process_that_was_made_ready_is_handed_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "COMMAND", [sys.executable, "-S", "-c", WAIT])
    pool = worker_pool.WorkerPool()
    pool.make_ready()
    handed_out = [pool.acquire(), pool.acquire()]
    pool.close()
    try:
        assert ["--ready" in str(worker.args) for worker in handed_out] == [True, False]
    finally:
        for worker in handed_out:
            worker.kill()
            worker.wait()


def test_a_pool_that_is_closed_keeps_nothing_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(worker_pool, "_start", lambda *options: started.append(options))
    pool = worker_pool.WorkerPool()
    pool.close()
    pool.make_ready()
    assert started == []
