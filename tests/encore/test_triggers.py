"""The wait for other runs goes on while one of them works, and no longer."""

from __future__ import annotations

import pytest
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

from encore import triggers
from encore.triggers import RunsTrigger
from tests.support.operator_runs import first_event


@pytest.fixture
def polls(monkeypatch):
    """How often the trigger has looked: the first run is over at the third, the second waits for an answer then."""
    polled: list[str] = []

    def count(dag_id, *, run_ids, states):
        polled.extend(run_ids)
        return int(not (run_ids == ["first"] and polled.count("first") >= 3))

    def tasks(dag_id, *, task_ids=None, run_ids=None):
        (run_id,) = run_ids
        waits = run_id == "second" and polled.count("second") >= 2
        return {
            run_id: {
                "train": "success" if waits else "deferred",
                "approve": "awaiting_input" if waits else None,
            }
        }

    monkeypatch.setattr(RuntimeTaskInstance, "get_dr_count", staticmethod(count))
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", staticmethod(tasks))
    monkeypatch.setattr(triggers, "LONGEST_PAUSE", 0.01)
    return polled


def test_it_ends_when_every_run_is_over_or_waits_for_an_answer(polls):
    assert first_event(RunsTrigger("retrain", ["first", "second"], pause=0.0))["status"] == "success"
    assert polls.count("first") == 3


def test_without_runs_it_only_pauses(polls):
    assert first_event(RunsTrigger("retrain", [], pause=0.0)) == {"status": "success", "waited": 0.0}
    assert polls == []
