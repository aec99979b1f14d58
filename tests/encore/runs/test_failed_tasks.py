"""The end of a failed run: its teardowns fail beside what failed, so that both are cleared together."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowFailException

from encore.runs.failed_tasks import fail_beside, failed_tasks


def context(states):
    ti = SimpleNamespace(dag_id="d", run_id="r", get_task_states=lambda dag_id, run_ids: {"r": states})
    tasks = [SimpleNamespace(task_id=name, is_teardown=name == "record") for name in ("record", "train")]
    return {"ti": ti, "dag": SimpleNamespace(tasks=tasks)}


@pytest.mark.parametrize(
    ("states", "failed"),
    [
        ({}, []),
        ({"train": "success", "record": "failed"}, []),
        ({"train": "failed", "gate": "upstream_failed", "record": "failed"}, ["train"]),
        ({"solution.train_1": "failed", "train": "skipped"}, ["solution.train_1"]),
    ],
)
def test_a_teardown_is_not_what_failed(states, failed):
    assert failed_tasks(context(states)) == failed


def test_a_teardown_fails_beside_what_failed_and_only_then():
    fail_beside([])
    with pytest.raises(
        AirflowFailException, match=r"the run has failed \(gate, train\): clear the failed tasks"
    ):
        fail_beside(["gate", "train"])
